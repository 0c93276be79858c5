package lstm

// selected are the kernels of this machine.
var selected = portable
