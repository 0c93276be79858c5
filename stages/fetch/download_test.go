package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/stages"
)

const place = "http://mawi.test/samplepoint-F/2007/200701251400.dump.gz"

// versioned serves data with a validator and Range, as Apache serves a file, and breaks each of the first answers after so many bytes.
func versioned(data []byte, tag string, breaks ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("ETag", tag)
		}
		if len(breaks) > 0 {
			w = &breaking{w, breaks[0]}
			breaks = breaks[1:]
		}
		http.ServeContent(w, r, "", time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), bytes.NewReader(data))
	}
}

// breaking drops the connection after so many bytes of the body.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.ResponseWriter.Write(p[:b.left])
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}

func TestMAWI(t *testing.T) {
	for _, parameters := range []string{"snaplen=96", "snaplen=128&ipv6=1"} {
		data := mawi(t, parameters)
		digest := sha256.Sum256(data)
		serving(t, versioned(data, `"v1"`), func(t *testing.T, k stages.Kind) {
			r := fetch(t, t.Context(), k, place, nil)
			r.want(t, data)
			if got := r.pins[place]; got != "sha256:"+hex.EncodeToString(digest[:]) {
				t.Errorf("pinned %q", got)
			}
			if !strings.Contains(r.summary, "from mawi.test, sha256:") || r.progress.total != int64(len(data)) {
				t.Errorf("summary %q, progress %+v", r.summary, r.progress)
			}
		})
	}
}

func TestResume(t *testing.T) {
	data := mawi(t, "seed=3")
	half := len(data) / 2
	for name, tag := range map[string]string{"ETag": `"v1"`, "weak ETag, so Last-Modified": `W/"v1"`, "Last-Modified": ""} {
		t.Run(name, func(t *testing.T) {
			var ranges []string
			serve := versioned(data, tag, half, 1000, 1000)
			serving(t, func(w http.ResponseWriter, r *http.Request) {
				ranges = append(ranges, r.Header.Get("Range"))
				serve(w, r)
			}, func(t *testing.T, k stages.Kind) {
				began := time.Now()
				fetch(t, t.Context(), k, place, nil).want(t, data)
				if want := fmt.Sprint([]string{"", fmt.Sprintf("bytes=%d-", half), fmt.Sprintf("bytes=%d-", half+1000), fmt.Sprintf("bytes=%d-", half+2000)}); fmt.Sprint(ranges) != want {
					t.Errorf("asked for %v, expected %v", ranges, want)
				}
				if waited := time.Since(began); waited != 7*time.Second {
					t.Errorf("waited %s, expected 1 + 2 + 4 s", waited)
				}
			})
		})
	}
}

// A server without Range, or without a validator, sends everything again.
func TestNoRange(t *testing.T) {
	data := mawi(t, "")
	asked := 0
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if asked == 1 {
			w = &breaking{w, len(data) / 2}
		}
		w.Write(data)
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).want(t, data)
		if asked != 2 {
			t.Errorf("%d requests", asked)
		}
	})
}

func TestChangedMidway(t *testing.T) {
	old, data := mawi(t, "seed=1"), mawi(t, "seed=2")
	first := versioned(old, `"old"`, len(old)/2)
	asked := 0
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			first(w, r)
			return
		}
		versioned(data, `"new"`)(w, r) // If-Range does not match: the whole new file
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).want(t, data)
	})
	asked = 0
	first = versioned(old, `"old"`, len(old)/2)
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			first(w, r)
			return
		}
		r.Header.Del("If-Range") // a server that does not know it, and sends the rest of another file
		versioned(data, `"new"`)(w, r)
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).want(t, data)
		if asked != 3 {
			t.Errorf("%d requests, expected a third for the whole file", asked)
		}
	})
}

func TestWrongParts(t *testing.T) {
	data := mawi(t, "")
	for header, want := range map[string]string{
		"bytes 0-99/1000": "the wrong part",
		"bytes 10-":       "the wrong part",
		"":                "the wrong part",
		fmt.Sprintf("bytes %d-%d/%d", len(data)/2, len(data), len(data)+1): "it had",
		fmt.Sprintf("bytes %d-%d/*", len(data)/2, len(data)-1):             "",
	} {
		first := versioned(data, `"v1"`, len(data)/2)
		asked := 0
		serving(t, func(w http.ResponseWriter, r *http.Request) {
			switch asked++; asked {
			case 1:
				first(w, r)
			case 2:
				w.Header().Set("Content-Range", header)
				w.WriteHeader(http.StatusPartialContent)
				w.Write(data[len(data)/2:])
			default:
				versioned(data, `"v1"`)(w, r)
			}
		}, func(t *testing.T, k stages.Kind) {
			r := fetch(t, t.Context(), k, place, nil)
			r.want(t, data)
			if notes := strings.Join(r.progress.notes, "\n"); !strings.Contains(notes, want) {
				t.Errorf("%q: notes %q, expected %q", header, notes, want)
			}
		})
	}
	serving(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusPartialContent) }, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).fails(t, "206")
	})
}

func TestWrongLength(t *testing.T) {
	asked := 0
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Length", "1000")
		w.Write(make([]byte, 400))
	}, func(t *testing.T, k stages.Kind) {
		began := time.Now()
		fetch(t, t.Context(), k, place, nil).fails(t, "broke after 400 of 1,000 bytes", "6 attempts", place)
		if waited := time.Since(began); asked != maxFailures || waited != (1+2+4+8+16)*time.Second {
			t.Errorf("%d requests in %s", asked, waited)
		}
	})
}

func TestUnavailable(t *testing.T) {
	data := mawi(t, "")
	for header, want := range map[string]time.Duration{
		"":                              1 * time.Second,
		"20":                            20 * time.Second,
		"Sat, 01 Jan 2000 00:02:00 GMT": 2 * time.Minute, // synctest's clock starts at 2000-01-01
		"soon":                          1 * time.Second,
	} {
		asked := 0
		serving(t, func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked == 1 {
				w.Header().Set("Retry-After", header)
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return
			}
			w.Write(data)
		}, func(t *testing.T, k stages.Kind) {
			began := time.Now()
			fetch(t, t.Context(), k, place, nil).want(t, data)
			if waited := time.Since(began); waited != want {
				t.Errorf("Retry-After %q: waited %s, expected %s", header, waited, want)
			}
		})
	}
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7200")
		w.WriteHeader(http.StatusTooManyRequests)
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).fails(t, "429", "2h0m0s")
	})
}

func TestRefused(t *testing.T) {
	for code, want := range map[int]string{404: "check the URL", 410: "check the URL", 403: "by hand", 401: "by hand", 418: "expected the file", 304: "redirect"} {
		asked := 0
		serving(t, func(w http.ResponseWriter, r *http.Request) { asked++; w.WriteHeader(code) }, func(t *testing.T, k stages.Kind) {
			fetch(t, t.Context(), k, place, nil).fails(t, fmt.Sprint(code), want, place)
			if asked != 1 {
				t.Errorf("%d: asked %d times", code, asked)
			}
		})
	}
	serving(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).fails(t, "500", "6 attempts")
	})
}

func TestRedirects(t *testing.T) {
	data := mawi(t, "")
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			http.Redirect(w, r, "http://mirror.test/file", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/back", http.StatusFound)
		case "/back":
			http.Redirect(w, r, "/loop", http.StatusMovedPermanently)
		case "/file":
			w.Write(data)
		case "/elsewhere":
			http.Redirect(w, r, "ftp://mirror.test/file", http.StatusFound)
		default:
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, "http://a.test/good", nil).want(t, data)
		fetch(t, t.Context(), k, "http://a.test/loop", nil).fails(t, "in a loop: http://a.test/loop -> http://a.test/back -> http://a.test/loop")
		fetch(t, t.Context(), k, "http://a.test/more", nil).fails(t, "more than 10 redirects")
		fetch(t, t.Context(), k, "http://a.test/elsewhere", nil).fails(t, "not on the web")
	})
}

func TestIdle(t *testing.T) {
	data := mawi(t, "")
	asked := 0
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 1 {
			versioned(data, `"v1"`)(w, r)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:5000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(t *testing.T, k stages.Kind) {
		began := time.Now()
		fetch(t, t.Context(), k, place, nil).want(t, data)
		if waited := time.Since(began); waited != idleTimeout+firstWait {
			t.Errorf("took %s", waited)
		}
	})
	// Slow is not idle: a byte every 50 s is waited for.
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		for _, b := range []byte("slow but whole") {
			time.Sleep(50 * time.Second)
			w.Write([]byte{b})
			w.(http.Flusher).Flush()
		}
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).want(t, []byte("slow but whole"))
	})
	serving(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, nil).fails(t, "did not answer in time", "6 attempts")
	})
}

func TestCancel(t *testing.T) {
	serving(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, func(t *testing.T, k stages.Kind) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := fetch(t, ctx, k, place, nil)
		if !errors.Is(r.err, context.DeadlineExceeded) {
			t.Errorf("got %v", r.err)
		}
	})
}

// Downloads from one host wait for each other, whatever instance they belong to; other hosts do not.
func TestPerHost(t *testing.T) {
	var running, most atomic.Int32
	serving(t, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(time.Second)
		running.Add(-1)
		w.Write([]byte("x"))
	}, func(t *testing.T, k stages.Kind) {
		load := func(hosts int) time.Duration {
			began := time.Now()
			var all sync.WaitGroup
			for i := range 6 {
				all.Go(func() { fetch(t, t.Context(), k, fmt.Sprintf("http://host%d.test/%d", i%hosts, i), nil) })
			}
			all.Wait()
			return time.Since(began)
		}
		if took := load(1); took != 3*time.Second || most.Load() != perHost {
			t.Errorf("one host: %s, %d at once", took, most.Load())
		}
		if took := load(3); took != time.Second {
			t.Errorf("three hosts: %s", took)
		}
		synctest.Wait()
	})
}

func TestMaxBytes(t *testing.T) {
	limit := func(f *Fetch, _ *stages.Env) { f.MaxBytes = 1000 }
	serving(t, plain(make([]byte, 1001)), func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, limit).fails(t, "1,001 bytes", "raise max_bytes")
	})
	serving(t, func(w http.ResponseWriter, r *http.Request) { // without a length
		for range 10 {
			w.Write(make([]byte, 500))
			w.(http.Flusher).Flush()
		}
	}, func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, place, limit).fails(t, "larger than max_bytes, 1,000 bytes")
	})
}
