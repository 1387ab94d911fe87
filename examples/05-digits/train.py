"""Trains the digit classifier of this example and writes `model.onnx` and `held-out.json` beside itself.

Data: the test part of the UCI set "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak; CC BY 4.0), 1,797 images of
8x8 pixels with values 0 to 16, as scikit-learn ships it. 359 of them (20 %, stratified) are held out and never seen in training.
The network takes pixels scaled to 0..1; scaling is the work of the Preprocess deployment in app.ts, so it is not in the model.

Python 3.11:  python -m venv venv && venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 onnx==1.23.2
              venv/bin/python train.py
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

SEED = 0
HELD_OUT = 359
HIDDEN = 64
HERE = Path(__file__).parent


def to_onnx(network: MLPClassifier) -> onnx.ModelProto:
    """pixels [n, 64] -> Gemm, Relu, Gemm, Softmax -> probabilities [n, 10]."""
    weights = {}
    for layer, (w, b) in enumerate(zip(network.coefs_, network.intercepts_), start=1):
        weights[f"w{layer}"] = w.astype(np.float32)
        weights[f"b{layer}"] = b.astype(np.float32)
    graph = helper.make_graph(
        nodes=[
            helper.make_node("Gemm", ["pixels", "w1", "b1"], ["sum1"]),
            helper.make_node("Relu", ["sum1"], ["hidden"]),
            helper.make_node("Gemm", ["hidden", "w2", "b2"], ["sum2"]),
            helper.make_node("Softmax", ["sum2"], ["probabilities"], axis=1),
        ],
        name="digits",
        inputs=[helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 64])],
        outputs=[helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        initializer=[numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, producer_name="train.py", opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    train_x, held_x, train_y, held_y = train_test_split(
        images, labels, test_size=HELD_OUT, stratify=labels, random_state=SEED
    )
    network = MLPClassifier(hidden_layer_sizes=(HIDDEN,), max_iter=1000, random_state=SEED)
    network.fit(train_x / 16.0, train_y)

    model = to_onnx(network).SerializeToString()
    (HERE / "model.onnx").write_bytes(model)
    held = {"images": held_x.astype(int).tolist(), "labels": held_y.tolist()}
    (HERE / "held-out.json").write_text(json.dumps(held, separators=(",", ":")) + "\n")

    right = int((network.predict(held_x / 16.0) == held_y).sum())
    print(f"model.onnx: {len(model)} bytes, trained on {len(train_y)} images")
    print(f"accuracy: {right / len(held_y):.3f} ({right} of {len(held_y)})")


if __name__ == "__main__":
    main()
