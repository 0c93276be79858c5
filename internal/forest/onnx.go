package forest

// ONNX returns the model in ONNX (opset 14, ai.onnx.ml 3): input x [batch, F]; regression: output y [batch, 1], classes: label [batch] int64 and probabilities
// [batch, K]. Metadata are key, value, key, value.
func (m *Model) ONNX(metadata ...string) ([]byte, error) { return nil, errLater }
