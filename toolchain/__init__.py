"""The PC side: makes, measures and signs the bundles that devices run. The only room where torch may be imported."""
