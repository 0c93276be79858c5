package stages

// Args is a command line whose words may hold artifacts: `["python3", "st.py", "--in=${stage.decode.packets.packets}"]`.
type Args []Arg

// Arg is one word of a command line: its parts are joined without a space.
type Arg []ArgPart

// ArgPart is text, or an artifact that stands for the path at which the command finds it.
type ArgPart struct {
	Text  string
	Input *Input
}

// Sources are files and artifacts that a command reads.
type Sources []Source

// Source is a file of the project (Path, a path or a glob) or an artifact (Input).
type Source struct {
	Name  string // where the command finds it, relative to its folder; "" for the default
	Path  string
	Input *Input
}

// Outputs are files and folders that a command declares to write.
type Outputs struct {
	Declared map[string]string // output name -> path relative to the command's folder; a trailing slash makes it a folder
	Written  map[string]Output // output name -> where the runner expects it; set by the runner
}
