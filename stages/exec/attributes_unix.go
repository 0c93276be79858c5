//go:build unix && !linux

package exec

import "syscall"

// attributes put the command into a group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
