package record

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/cairn-audit/cairn/event"
)

// TestSignInsAreWrittenAsPublished has records that were published, with their
// eventVersion left out. The first two are genuine, the others are the examples
// of the CloudTrail User Guide ("AWS Management Console sign-in events", and the
// one of an incorrect user name), with the members added that records have since
// eventVersion 1.08.
func TestSignInsAreWrittenAsPublished(t *testing.T) {
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tls := &event.TLSDetails{TLSVersion: "TLSv1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", ClientProvidedHostHeader: "us-east-1.signin.aws.amazon.com"}
	const console = "https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true"
	ana := SignIn{
		EventID: "e1", Time: at("2022-11-10T16:24:34Z"), Recipient: "111122223333", AccountID: "111122223333",
		UserID: "AIDACKCEVSQ6C2EXAMPLE", UserARN: "arn:aws:iam::111122223333:user/anaya", UserName: "anaya",
		LoginTo: console, SourceIP: "192.0.2.0", UserAgent: "Mozilla/5.0",
	}
	with := func(change func(*SignIn)) SignIn {
		s := ana
		change(&s)
		return s
	}
	for name, test := range map[string]struct {
		signIn SignIn
		want   string
	}{
		"CheckMfa": {
			SignIn{
				Outcome: MFARequested, EventID: "74b4a7d6-764d-4ec8-bbd4-91e7a84e6780", Time: at("2023-07-10T12:27:31Z"),
				Recipient: "123837392027", AccountID: "123837392027", UserID: "AIDATFQR7NSC5AU2ZV3IE",
				UserARN: "arn:aws:iam::123837392027:user/bert-jan", UserName: "bert-jan", LoginTo: console,
				SourceIP: "10.8.8.10", UserAgent: "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0", TLS: tls,
			},
			`{"userIdentity":{"type":"IAMUser","principalId":"AIDATFQR7NSC5AU2ZV3IE","accountId":"123837392027","accessKeyId":"","userName":"bert-jan"},"eventTime":"2023-07-10T12:27:31Z","eventSource":"signin.amazonaws.com","eventName":"CheckMfa","awsRegion":"us-east-1","sourceIPAddress":"10.8.8.10","userAgent":"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0","requestParameters":null,"responseElements":{"CheckMfa":"Success"},"additionalEventData":{"MfaType":"Virtual MFA"},"eventID":"74b4a7d6-764d-4ec8-bbd4-91e7a84e6780","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"recipientAccountId":"123837392027","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"us-east-1.signin.aws.amazon.com"}}`,
		},
		"success without MFA": {
			SignIn{
				Outcome: SignedIn, EventID: "1d5670bf-ca86-4eca-a475-50d243a68d07", Time: at("2021-04-08T13:49:20Z"),
				Recipient: "999999999999", AccountID: "999999999999", UserID: "AIDA2KEX3JLIRRBCMUZZM",
				UserARN: "arn:aws:iam::999999999999:user/w@example.com", UserName: "w@example.com",
				LoginTo:  "https://ap-northeast-1.console.aws.amazon.com/ec2/v2/home?region=ap-northeast-1&state=hashArgs%23&isauthcode=true",
				SourceIP: "165.225.110.167", UserAgent: "Mozilla/5.0",
			},
			`{"userIdentity":{"type":"IAMUser","principalId":"AIDA2KEX3JLIRRBCMUZZM","arn":"arn:aws:iam::999999999999:user/w@example.com","accountId":"999999999999","userName":"w@example.com"},"eventTime":"2021-04-08T13:49:20Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"165.225.110.167","userAgent":"Mozilla/5.0","requestParameters":null,"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"LoginTo":"https://ap-northeast-1.console.aws.amazon.com/ec2/v2/home?region=ap-northeast-1&state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAUsed":"No"},"eventID":"1d5670bf-ca86-4eca-a475-50d243a68d07","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"eventCategory":"Management","recipientAccountId":"999999999999"}`,
		},
		"success with MFA": {
			with(func(s *SignIn) {
				s.Outcome, s.MFAUsed, s.MFASerial = SignedIn, true, "arn:aws:iam::111122223333:mfa/anaya"
			}),
			`{"userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/anaya","accountId":"111122223333","userName":"anaya"},"eventTime":"2022-11-10T16:24:34Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.0","userAgent":"Mozilla/5.0","requestParameters":null,"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAIdentifier":"arn:aws:iam::111122223333:mfa/anaya","MFAUsed":"Yes"},"eventID":"e1","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
		},
		"failure with MFA": {
			with(func(s *SignIn) { s.MFAUsed = true }),
			`{"userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","accountId":"111122223333","accessKeyId":"","userName":"anaya"},"eventTime":"2022-11-10T16:24:34Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.0","userAgent":"Mozilla/5.0","errorMessage":"Failed authentication","requestParameters":null,"responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAUsed":"Yes"},"eventID":"e1","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
		},
		"an incorrect user name": {
			with(func(s *SignIn) { s.UserID, s.UserARN, s.UserName = "", "", "" }),
			`{"userIdentity":{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"},"eventTime":"2022-11-10T16:24:34Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.0","userAgent":"Mozilla/5.0","errorMessage":"No username found in supplied account","requestParameters":null,"responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAUsed":"No"},"eventID":"e1","readOnly":false,"eventType":"AwsConsoleSignIn","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`,
		},
	} {
		var got, want map[string]any
		line := test.signIn.Event().AppendJSON(nil)
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		delete(got, "eventVersion")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, line, test.want)
		}
	}
}
