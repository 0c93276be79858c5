package evaluate

import (
	"context"
	"errors"

	"weir/stages"
)

// Run implements stages.Stage.
func (e *Evaluate) Run(ctx context.Context, env *stages.Env) error {
	return errors.New("evaluate: not yet")
}
