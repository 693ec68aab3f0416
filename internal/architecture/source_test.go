package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the module's directory.
const root = "../.."

const (
	maxFileLines     = 500
	maxFunctionLines = 60
)

// longFunctions are those that may be longer, each with its reason.
var longFunctions = map[string]string{}

// unsynced are the packages beside internal/durable that may write files
// without a sync, each with its reason.
var unsynced = map[string]string{
	"internal/awsapi/gen": "a tool for developers; what it writes is committed",
	"internal/access/gen": "a tool for developers; what it writes is committed",
}

// variables are package-level variables that change, each with its reason.
var variables = map[string]string{
	"cmd/cairn.version":         "set by the linker",
	"internal/journal.zeros":    "an array of zeros, which stays one",
	"internal/bucket.os.Stdout": "versitygw prints a line and has no option against it",
}

// source is a directory's Go files, tests left out.
type source struct {
	dir   string // from root
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
}

// sources reads all of them once.
var sources = sync.OnceValues(readSources)

func readSources() ([]*source, error) {
	byDir := map[string]*source{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 ||
			d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		s := byDir[dir]
		if s == nil {
			s = &source{dir: filepath.ToSlash(dir), fset: token.NewFileSet()}
			byDir[dir] = s
		}
		file, err := parser.ParseFile(s.fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			s.files = append(s.files, file)
		}
		return nil
	})
	var all []*source
	for _, s := range byDir {
		s.resolve()
		all = append(all, s)
	}
	return all, err
}

// resolve finds what each name stands for. Imported packages are taken as
// empty: only names that are declared here, and those of packages, matter.
func (s *source) resolve() {
	s.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	// Its errors are those of the empty packages.
	_, _ = config.Check(s.dir, s.fset, s.files, s.info)
}

type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	p.MarkComplete()
	return p, nil
}

// eachFile calls check for every file, with its position-to-text function.
func eachFile(t *testing.T, check func(s *source, f *ast.File, at func(ast.Node) token.Position)) {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d directories of source; this test would see nothing", len(all))
	}
	for _, s := range all {
		for _, f := range s.files {
			check(s, f, func(n ast.Node) token.Position {
				p := s.fset.Position(n.Pos())
				p.Filename = strings.TrimPrefix(filepath.ToSlash(p.Filename), root+"/")
				return p
			})
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	excused := map[string]bool{}
	eachFile(t, func(s *source, f *ast.File, at func(ast.Node) token.Position) {
		if n := s.fset.File(f.Pos()).LineCount(); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: it is two ideas", at(f).Filename, n, maxFileLines)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line + 1
			if n <= maxFunctionLines {
				continue
			}
			name := s.dir + "." + functionName(fn)
			if longFunctions[name] != "" {
				excused[name] = true
				continue
			}
			t.Errorf("%v: %s has %d lines, more than %d", at(fn), name, n, maxFunctionLines)
		}
	})
	for name := range longFunctions {
		if !excused[name] {
			t.Errorf("%s is excused for its length and need not be", name)
		}
	}
}

func functionName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	switch g := t.(type) {
	case *ast.IndexExpr:
		t = g.X
	case *ast.IndexListExpr:
		t = g.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

func TestOnlyDurableWritesFiles(t *testing.T) {
	eachFile(t, func(s *source, f *ast.File, at func(ast.Node) token.Position) {
		if s.dir == "internal/durable" || strings.HasPrefix(s.dir, "internal/durable/") || unsynced[s.dir] != "" {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || s.packageOf(sel) != "os" {
				return true
			}
			if slices.Contains([]string{"Rename", "WriteFile"}, sel.Sel.Name) {
				t.Errorf("%v: os.%s is not durable; internal/durable has what is", at(n), sel.Sel.Name)
			}
			return true
		})
	})
}

// packageOf is the path of the package that x.y selects from, if x is one.
func (s *source) packageOf(sel *ast.SelectorExpr) string {
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	if name, ok := s.info.Uses[id].(*types.PkgName); ok {
		return name.Imported().Path()
	}
	return ""
}

func TestPackagesHaveNoStateOfTheirOwn(t *testing.T) {
	eachFile(t, func(s *source, f *ast.File, at func(ast.Node) token.Position) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%v: an init function", at(n))
				}
			case *ast.AssignStmt:
				for _, x := range n.Lhs {
					s.checkChange(t, at(x), x)
				}
			case *ast.IncDecStmt:
				s.checkChange(t, at(n), n.X)
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (id.Name == "delete" || id.Name == "clear") {
					s.checkChange(t, at(n), n.Args[0])
				}
			}
			return true
		})
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					s.checkDeclared(t, at(spec), spec.(*ast.ValueSpec), g.Doc)
				}
			}
		}
	})
}

// checkDeclared refuses a package's variable that has no value: it can only be
// waiting for one. Those of package sync protect what is elsewhere, and
// embedded files are data.
func (s *source) checkDeclared(t *testing.T, at token.Position, spec *ast.ValueSpec, doc *ast.CommentGroup) {
	embedded := doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
	if len(spec.Values) > 0 || embedded {
		return
	}
	if sel, ok := spec.Type.(*ast.SelectorExpr); ok && s.packageOf(sel) == "sync" {
		return
	}
	for _, name := range spec.Names {
		if variables[s.dir+"."+name.Name] == "" {
			t.Errorf("%v: package variable %s has no value", at, name.Name)
		}
	}
}

// checkChange refuses a change of a package's variable, in this package or
// another.
func (s *source) checkChange(t *testing.T, at token.Position, x ast.Expr) {
	for {
		switch e := x.(type) {
		case *ast.ParenExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SelectorExpr:
			if p := s.packageOf(e); p != "" {
				s.refuse(t, at, p+"."+e.Sel.Name)
				return
			}
			x = e.X
		case *ast.Ident:
			if v, ok := s.info.Uses[e].(*types.Var); ok && v.Parent() != nil && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				s.refuse(t, at, v.Name())
			}
			return
		default:
			return
		}
	}
}

func (s *source) refuse(t *testing.T, at token.Position, name string) {
	if variables[s.dir+"."+name] == "" {
		t.Errorf("%v: package variable %s changes", at, name)
	}
}
