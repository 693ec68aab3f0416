package identity

import (
	"sync"

	"github.com/cairn-audit/cairn/internal/policy"
)

// maxParsed is how many parsed documents are kept: as many as the policies of a
// busy server, which are at most 6 KB each but for AWS's.
const maxParsed = 1024

// parsed keeps documents that were parsed, by their text. A document does not
// change, so what is kept is never wrong.
type parsed struct {
	mu     sync.Mutex
	byText map[string]*policy.Document
}

// parse reads a document; nil keeps none.
func (p *parsed) parse(text string) (*policy.Document, error) {
	if p == nil {
		return policy.Parse([]byte(text))
	}
	p.mu.Lock()
	d := p.byText[text]
	p.mu.Unlock()
	if d != nil {
		return d, nil
	}
	d, err := policy.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byText == nil || len(p.byText) >= maxParsed {
		p.byText = map[string]*policy.Document{}
	}
	p.byText[text] = d
	return d, nil
}
