package sts

import (
	"errors"
	"testing"

	"github.com/cairn-audit/cairn/event"
	"github.com/cairn-audit/cairn/internal/awsapi"
)

func TestGetCallerIdentitySaysWhoTheSignatureProves(t *testing.T) {
	catalog, err := awsapi.Open()
	if err != nil {
		t.Fatal(err)
	}
	model, err := catalog.Service("sts")
	if err != nil {
		t.Fatal(err)
	}
	caller := &event.UserIdentity{PrincipalID: "AIDAEXAMPLE", ARN: "arn:aws:iam::111122223333:user/alice"}
	out, err := New(nil, Options{}).Call(t.Context(), &awsapi.Call{
		Operation: model.Operation("GetCallerIdentity"), AccountID: "111122223333", Caller: caller,
	})
	if err != nil || out["UserId"] != "AIDAEXAMPLE" || out["Account"] != "111122223333" || out["Arn"] != caller.ARN {
		t.Errorf("got %v, %v", out, err)
	}
	_, err = New(nil, Options{}).Call(t.Context(), &awsapi.Call{Operation: model.Operation("GetDelegatedAccessToken"), Caller: caller})
	var refused *awsapi.Error
	if !errors.As(err, &refused) || refused.Code != "InvalidAction" {
		t.Errorf("an operation that is not there: %v", err)
	}
}
