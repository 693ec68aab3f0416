package topic

import (
	"net/http"
	"path"
)

// CertificatePath is the directory of URLs under which the certificate is
// served, to anybody.
const CertificatePath = "/_cairn/sns/"

// ServeCertificate answers a GET of the certificate's URL.
func (b *Broker) ServeCertificate(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	s, err := b.signer()
	if err != nil {
		b.options.Logger.ErrorContext(r.Context(), "the certificate cannot be served", "error", err)
		http.Error(w, "the certificate cannot be read", http.StatusInternalServerError)
		return
	}
	if path.Base(r.URL.Path) != s.file() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(s.pem())
}
