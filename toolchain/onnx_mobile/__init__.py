"""ONNX Runtime on phones: the whole way from text to label as one graph, and what heads are trained with there."""
