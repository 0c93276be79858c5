// Package decode is the kind of stage that turns a capture into a table: one row for each IP packet, with the lengths, addresses, protocol
// and ports that the rest of the pipeline counts, and a summary that accounts for every record of the file. It sits between fetch and
// aggregate. What a packet is, and when it is an IP packet, is defined by internal/capture and internal/packet.
//
// It does not look into tunnels, reassemble fragments, follow connections, or sort: rows stay in the order of the file.
package decode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"

	"weir/internal/capture"
	"weir/internal/packet"
	"weir/stages"
)

// Kind is the row of this kind in the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name: "decode", Version: 2,
		Summary: "a capture into a table of IP packets, and a summary that accounts for every packet of the file",
		New:     func() stages.Stage { return &Decode{OnDamage: keep} },
	}
}

// Values of Decode.OnDamage.
const (
	keep = "keep"
	fail = "fail"
)

// Decode is one capture to decode.
//
// packets.parquet: packet (uint32, the number of the record in the file, from 1), timestamp (ns UTC; null where the file does not say, as in simple packet
// blocks), src_ip, dst_ip (text as in RFC 5952), protocol (uint8, after IPv6's extension headers), wire_length, captured_length (uint32,
// bytes of the whole record, link layer included), src_port, dst_port (uint16; null where there are none), tcp_flags (uint8, the flags
// byte of the TCP header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128; null where it is not there: not TCP, a later fragment, cut
// off), type (TCP, UDP, Other), family (IPv4, IPv6).
//
// decode.json: see summary.
type Decode struct {
	Capture  stages.Input  `hcl:"capture" doc:"the capture: pcap or pcapng, plain, gzip or zstd, recognised by content"`
	OnDamage string        `hcl:"on_damage,optional" enum:"keep fail" doc:"a damaged or cut capture: keep what is before the damage, or fail"`
	Packets  stages.Output `hcl:"packets" file:"packets.parquet" doc:"one row for each IP packet, in the order of the file"`
	Summary  stages.Output `hcl:"summary" file:"decode.json" doc:"counts, times, what was skipped and why, and whether the file was whole"`
}

// Validate implements stages.Validator.
func (d *Decode) Validate() error {
	if d.OnDamage != keep && d.OnDamage != fail {
		return &stages.OptionError{Option: "on_damage", Message: fmt.Sprintf(`%q is not possible, expected "keep" or "fail"`, d.OnDamage)}
	}
	return nil
}

// Run implements stages.Stage.
func (d *Decode) Run(ctx context.Context, env *stages.Env) error {
	if d.Capture.Files != nil {
		return fmt.Errorf("%s: this is a folder, expected one capture", d.Capture.From)
	}
	in, err := os.Open(d.Capture.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	var size int64
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	reader, err := capture.NewReader(ctx, in, size)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Capture.From, err)
	}
	defer reader.Close()
	env.Progress.Total(size, "bytes")

	s, err := d.write(ctx, reader, env)
	if err == nil {
		err = s.write(d.Summary.Path)
	}
	if err != nil {
		os.Remove(d.Packets.Path)
		os.Remove(d.Summary.Path)
		return fmt.Errorf("%s: %w", d.Capture.From, err)
	}
	env.Progress.Done(size)
	env.Summarize(s.String())
	for _, line := range s.describe() {
		env.Find(line)
	}
	if !s.Complete {
		env.Warn(fmt.Sprintf("%s is damaged: packet %s at byte %s: %s; kept the %s packets before it",
			d.Capture.From, humanize.Comma(s.PacketsRead+1), humanize.Comma(*s.StoppedAt), s.Why, humanize.Comma(s.PacketsRead)))
	}
	return nil
}

// write writes the table and returns the finished summary.
func (d *Decode) write(ctx context.Context, reader *capture.Reader, env *stages.Env) (*summary, error) {
	out, err := os.Create(d.Packets.Path)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	buffered := bufio.NewWriterSize(out, 256<<10)
	rows := newRows(buffered)
	s := newSummary(reader)
	damage, err := read(ctx, reader, rows, s, env.Progress)
	if err != nil {
		return nil, err
	}
	if damage != nil && d.OnDamage == fail {
		return nil, fmt.Errorf(`%w (on_damage = "keep" goes on with the %s packets before it)`, damage, humanize.Comma(s.PacketsRead))
	}
	if err := s.finish(reader, damage); err != nil {
		return nil, err
	}
	if err := errors.Join(rows.close(), buffered.Flush()); err != nil {
		return nil, err
	}
	return s, out.Close()
}

// read moves all packets from the reader into rows and summary. damage is where the capture stopped making sense, nil for a whole one.
func read(ctx context.Context, reader *capture.Reader, rows *rows, s *summary, progress stages.Progress) (damage *capture.Damage, err error) {
	var p capture.Packet
	var h packet.Header
	for {
		err := reader.Next(&p)
		if err == io.EOF {
			return nil, nil
		}
		if errors.As(err, &damage) {
			return damage, nil
		}
		if err != nil {
			return nil, err
		}
		if s.PacketsRead == maxPackets {
			return nil, fmt.Errorf("more than %s packets: split the capture", humanize.Comma(maxPackets))
		}
		why := packet.Decode(p.Link, p.Data, &h)
		s.add(&p, &h, why)
		if why == packet.OK {
			if err := rows.add(uint32(s.PacketsRead), &p, &h); err != nil {
				return nil, err
			}
		}
		if s.PacketsRead%batch == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress.Done(reader.Consumed())
		}
	}
}
