package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/cairn-audit/cairn/audit"
)

// A program that must not act unrecorded records first.
func Example() {
	ctx := context.Background()
	// AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and the like, as `cairn env` prints
	// them, or a profile.
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	records, err := audit.NewClient(cfg, os.Getenv("AUDIT_CHANNEL"))
	if err != nil {
		log.Fatal(err)
	}

	http.HandleFunc("POST /refunds/{payment}", func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		id, err := records.Record(r.Context(), audit.Event{
			Source:     "payments.example.com",
			Name:       "RefundPayment",
			Actor:      audit.Actor{Type: "Employee", ID: user},
			UserAgent:  r.UserAgent(),
			Parameters: map[string]any{"payment": r.PathValue("payment")},
		})
		var refused *audit.EventError
		switch {
		case errors.As(err, &refused):
			http.Error(w, refused.Message, http.StatusBadRequest)
			return
		case err != nil:
			http.Error(w, "nothing is done that cannot be recorded", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "refunded; see event %s\n", id)
	})
}
