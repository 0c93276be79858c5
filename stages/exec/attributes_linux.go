package exec

import "syscall"

// attributes put the command into a group of its own; it dies with us even when we are killed before the guard knows of it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
