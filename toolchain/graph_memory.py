"""A program: print how many bytes a fresh process grows by at most while it loads an ONNX graph and runs it.

It is run by its path, with the graph's and the tokens of a text (`encoder.onnx 101,5,102`), and imports nothing of this
project: what the caller has loaded would be counted, too.
"""

import re
import resource
import sys
from pathlib import Path


def _most() -> int:
    """The most bytes that this process had. `getrusage` of a child begins with its parent's: /proc first."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text("utf-8"))[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _growth(graph: str, tokens: str) -> int:
    sys.modules["torch"] = None  # type: ignore[assignment]  # the training build of ONNX Runtime would import it
    import numpy as np  # what the libraries themselves take is no part of the growth
    import onnxruntime

    before = _most()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    ids = np.array([[int(token) for token in tokens.split(",")]])
    for _ in range(3):
        session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    return _most() - before


if __name__ == "__main__":
    print(_growth(*sys.argv[1:]))
