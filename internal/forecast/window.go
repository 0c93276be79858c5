package forecast

// Window is what a network sees of the data: the last LookBack rows up to an origin o, from which it forecasts x[o+h] for each horizon h. A row has the
// features x and then each covariate: a lagged one of the same row, a known one of the row Horizons[0] later, so that the last row has that of the first target.
// All are scaled by their own ranges and rounded to float32.
type Window struct {
	LookBack int
	Horizons []int    // increasing
	Scalers  []Scaler // of x and of each covariate
}

// FitWindow fits the scalers on all rows of seen: the training part (strict) or the whole series (published).
func FitWindow(seen *Data, lookBack int, horizons []int) *Window {
	w := &Window{LookBack: lookBack, Horizons: horizons, Scalers: []Scaler{FitScaler(seen.Values)}}
	for _, c := range seen.Covariates {
		w.Scalers = append(w.Scalers, FitScaler(c.Values))
	}
	return w
}

// Features is the number of values of a row.
func (w *Window) Features() int { return len(w.Scalers) }

// Rows are the scaled features of each row of d, row-major. d has the covariates that the window was fitted to.
func (w *Window) Rows(d *Data) []float32 {
	n, width := d.Len(), w.Features()
	rows := make([]float32, n*width)
	for i, v := range d.Values {
		rows[i*width] = float32(w.Scalers[0].Scale(v))
	}
	for k, c := range d.Covariates {
		ahead := 0
		if c.Known {
			ahead = w.Horizons[0]
		}
		for i := range n {
			rows[i*width+k+1] = float32(w.Scalers[k+1].Scale(c.Values[min(i+ahead, n-1)]))
		}
	}
	return rows
}

// End is the row after the window for the forecast of x[t] at horizon h.
func End(t, h int) int { return t - h + 1 }

// Fits says whether the window for x[t] at horizon h lies in t's segment.
func (w *Window) Fits(d *Data, t, h int) bool { return End(t, h)-w.LookBack >= d.Start(t) }

// Samples are the windows whose last target is one of targets: the end of each, and the rows of its targets, one for each horizon, sample by sample. A window that begins before its segment, or
// one whose first target is before from, is left out: targets of a part are that part's alone.
func (w *Window) Samples(d *Data, targets []int, from int) (ends, rows []int) {
	last := w.Horizons[len(w.Horizons)-1]
	for _, t := range targets {
		if !w.Fits(d, t, last) || t-last+w.Horizons[0] < from {
			continue
		}
		ends = append(ends, End(t, last))
		for _, h := range w.Horizons {
			rows = append(rows, t-last+h)
		}
	}
	return ends, rows
}
