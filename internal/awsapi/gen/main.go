// Gen writes the table of AWS's API models that package awsapi carries, from an
// installed botocore. It takes names, types, locations, constraints and error
// codes, and no prose.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// historic are old versions kept beside the newest for the names they used:
// CloudTrail still renders EC2's pre-2015 operations with those.
var historic = map[string]string{"ec2": "2014-10-01"}

func main() {
	data := flag.String("botocore", "", "botocore's `directory` (default: the one python3 imports)")
	out := flag.String("o", "models.zip", "`file` to write")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	version := "unknown"
	if dir == "" {
		b, err := exec.Command("python3", "-c",
			"import botocore, os; print(os.path.dirname(botocore.__file__)); print(botocore.__version__)").Output()
		if err != nil {
			return fmt.Errorf("find botocore with python3: %w", err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		dir, version = lines[0], lines[1]
	}
	services, err := load(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	b, err := pack(awsapi.TableIndex{Source: "botocore " + version}, services)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, b, 0o644); err != nil {
		return err
	}
	var operations int
	for _, s := range services {
		operations += len(s.Operations)
	}
	fmt.Printf("%s: %d models, %d operations, %d bytes\n", out, len(services), operations, len(b))
	return nil
}

// load reads the newest version of every service, and the historic ones.
func load(data string) ([]*awsapi.TableService, error) {
	dirs, err := os.ReadDir(data)
	if err != nil {
		return nil, err
	}
	var services []*awsapi.TableService
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		versions, err := filepath.Glob(filepath.Join(data, d.Name(), "*", "service-2.json*"))
		if err != nil {
			return nil, err
		}
		if len(versions) == 0 {
			return nil, fmt.Errorf("no model below %s", d.Name())
		}
		slices.Sort(versions) // versions are dates
		s, err := convert(d.Name(), versions[len(versions)-1])
		if err != nil {
			return nil, err
		}
		services = append(services, s)
		if old := historic[d.Name()]; old != "" {
			i := slices.IndexFunc(versions, func(v string) bool { return filepath.Base(filepath.Dir(v)) == old })
			if i < 0 {
				return nil, fmt.Errorf("no version %s of %s", old, d.Name())
			}
			s, err := convert(d.Name()+"-"+old, versions[i])
			if err != nil {
				return nil, err
			}
			s.Historic = true
			services = append(services, s)
		}
	}
	return services, nil
}

// pack makes the archive: the index, then the services, with no times in it so
// that the same models give the same bytes.
func pack(index awsapi.TableIndex, services []*awsapi.TableService) ([]byte, error) {
	var buf bytes.Buffer
	archive := zip.NewWriter(&buf)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	add := func(name string, v any) error {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	for _, s := range services {
		index.Services = append(index.Services, s.TableEntry)
	}
	if err := add("index.json", index); err != nil {
		return nil, err
	}
	for _, s := range services {
		if err := add(s.ID+".json", s); err != nil {
			return nil, fmt.Errorf("pack %s: %w", s.ID, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func readModel(path string) (*model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, &fs.PathError{Op: "gunzip", Path: path, Err: err}
		}
	}
	m := new(model)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, &fs.PathError{Op: "parse", Path: path, Err: err}
	}
	return m, nil
}
