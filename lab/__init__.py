"""The lab: a day on a device as data, played against a real runtime process, and judged."""
