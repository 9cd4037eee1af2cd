// swift-tools-version: 5.9

import PackageDescription

let package = Package(
    name: "AttuneKit",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "AttuneKit", targets: ["AttuneKit"])],
    targets: [
        .target(name: "AttuneKit"),
        // What only a Mac can show of an export.
        .executableTarget(name: "attune-verify", dependencies: ["AttuneKit"]),
        .testTarget(name: "AttuneKitTests", dependencies: ["AttuneKit"], resources: [.copy("Resources")]),
    ]
)
