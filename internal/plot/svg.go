package plot

// SVG draws the figure as a self-contained SVG document.
func (f *Figure) SVG() ([]byte, error) {
	return []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"), nil
}
