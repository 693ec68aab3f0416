package seeds

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is a member in which a document's example and a record differ.
// There is no value where the member is missing.
type difference struct {
	path             string
	document, record json.RawMessage
}

// own are members whose values are every record's own. sourceIPAddress is, while
// both are addresses.
var own = regexp.MustCompile(`(^|\.)(eventTime|eventID|requestID|creationDate|createdTime|accessKeyId|` +
	`canonicalHostedZoneId|dNSName|loadBalancerArn|instanceId|imageId|snapshotId|vpcId|subnetId|capacityReservationId)$` +
	`|(subnets|securityGroups)\[\d+\]$`)

var address = regexp.MustCompile(`^"\d+\.\d+\.\d+\.\d+"$`)

// compare lists the differences in the record's order, and then what only the
// document has.
func compare(path string, document, record json.RawMessage) []difference {
	a, b := members(document), members(record)
	if a == nil || b == nil {
		if document[0] == '[' && record[0] == '[' {
			return compareLists(path, elements(document), elements(record))
		}
		switch {
		case own.MatchString(path), address.Match(document) && address.Match(record):
			return nil
		case sameJSON(document, record):
			return nil
		}
		return []difference{{path, document, record}}
	}
	var all []difference
	at := func(list []member, name string) int {
		return slices.IndexFunc(list, func(m member) bool { return m.name == name })
	}
	join := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	for _, m := range b {
		if i := at(a, m.name); i >= 0 {
			all = append(all, compare(join(m.name), a[i].value, m.value)...)
		} else {
			all = append(all, difference{path: join(m.name), record: m.value})
		}
	}
	for _, m := range a {
		if at(b, m.name) < 0 {
			all = append(all, difference{path: join(m.name), document: m.value})
		}
	}
	return all
}

func compareLists(path string, document, record []json.RawMessage) []difference {
	var all []difference
	for i := range max(len(document), len(record)) {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i >= len(document):
			all = append(all, difference{path: at, record: record[i]})
		case i >= len(record):
			all = append(all, difference{path: at, document: document[i]})
		default:
			all = append(all, compare(at, document[i], record[i])...)
		}
	}
	return all
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// reasons say why members differ. The first that matches "sample path" counts.
var reasons = []struct{ pattern, why string }{
	{` eventVersion$`, "today's version; AWS's services took it up one after another, from 2024 to 2026"},
	{` readOnly$`, "in every record since version 1.06"},
	{` managementEvent$`, "in every record since version 1.06"},
	{` eventCategory$`, "in every record since version 1.07"},

	{`^(create-launch-configuration|send-ssh-public-key) userIdentity\.sessionContext$`,
		"the document's caller was in a session of the console; a long-term key has no session"},
	{`^terminate-instances userIdentity\.userName$`, "the root user has a name only if the account has an alias"},
	{`^(create|delete)-load-balancer userIdentity\.principalId$`, "a user's id begins with AIDA; the document hides it behind the account's"},
	{`^send-ssh-public-key userIdentity\.principalId$`, "made up in the document"},
	{`^send-ssh-public-key userIdentity\.(arn|userName)$`, "another user; the document's account in it has 13 digits"},
	{`^create-cluster userIdentity\.principalId$`, "the role's id, which begins with AROA, and the session's name"},
	{`^create-cluster userIdentity\.arn$`, "STS has no users: the session of a role is an assumed-role"},
	{`^create-cluster userIdentity\.sessionContext\.sessionIssuer\.principalId$`, "a role's id begins with AROA"},
	{`^create-cluster userIdentity\.sessionContext\.sessionIssuer\.userName$`, "of the issuer, which is the role, not the session"},

	{`^terminate-instances requestParameters\.(force|skipOsShutdown)$`, "EC2 fills in both since 2025"},
	{`^terminate-instances responseElements\.requestId$`, "EC2 shows the request's id with every answer; records of 2017 do not yet"},
	{`^create-load-balancer .*\.loadBalancerAddresses$`, "the API has it since 2017; empty without Elastic IPs"},
	{`^create-cluster responseElements\.cluster\.(tags|settings)$`, "the API has it since 2018 and 2019"},
	{`^create-cluster responseElements\.cluster\.(capacityProviders|defaultCapacityProviderStrategy)$`, "the API has it since 2019"},

	{`^send-ssh-public-key eventName$`, "the document has a blank at the end"},
	{`^send-ssh-public-key requestParameters\.(osUser|instanceOSUser)$`, "the API's name is InstanceOSUser, as in all published records"},
	{`^send-ssh-public-key requestParameters\.(SSHKey|sSHPublicKey)$`, "the API's name is SSHPublicKey, as in all published records"},
	{`^send-ssh-public-key responseElements$`, "published records have the answer"},
	{`^send-ssh-public-key recipientAccountId$`, "the document's has 10 digits; an account has 12"},

	{` userIdentity\.invokedBy$`, "the semicolon is the document's"},
	{` (sourceIPAddress|userAgent)$`, "no client made a call: the document took both from one"},
	{` resources\[\d\]\.ARN$`, "an ARN has the Region's code; the document has its name, and in one ARN a colon too many"},
}

// explainer finds the reasons and notes which were needed.
type explainer struct {
	t    *testing.T
	used map[string]bool // by pattern
}

func (e explainer) why(sample, path string) string {
	e.t.Helper()
	for _, r := range reasons {
		if regexp.MustCompile(r.pattern).MatchString(sample + " " + path) {
			e.used[r.pattern] = true
			return r.why
		}
	}
	e.t.Errorf("%s: nothing says why %s differs", sample, path)
	return "?"
}

// done refuses reasons of what does not differ.
func (e explainer) done() {
	e.t.Helper()
	for _, r := range reasons {
		if !e.used[r.pattern] {
			e.t.Errorf("nothing differs in %q", r.pattern)
		}
	}
}

// table writes the differences as a table in Markdown.
func (e explainer) table(sample string, differences []difference) string {
	var b strings.Builder
	b.WriteString("| member | document | Cairn | why |\n|---|---|---|---|\n")
	for _, d := range differences {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.path, cell(d.document), cell(d.record), e.why(sample, d.path))
	}
	return b.String()
}

func cell(value json.RawMessage) string {
	if value == nil {
		return "–"
	}
	line := flat(value)
	const most = 60
	if len(line) > most {
		line = line[:most] + " …"
	}
	return "`" + strings.ReplaceAll(line, "|", `\|`) + "`"
}
