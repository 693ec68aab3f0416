package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// choose returns one of the choices.
func choose[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// randomStatement makes a statement of few words, so that statements and
// requests meet often.
func randomStatement(r *rand.Rand, effect Effect, named bool) string {
	s := `"Effect":"` + string(effect) + `"`
	s += fmt.Sprintf(`,"%s":["%s","%s"]`, choose(r, "Action", "Action", "NotAction"), choose(r, actions...), choose(r, actions...))
	s += fmt.Sprintf(`,"%s":"%s"`, choose(r, "Resource", "Resource", "NotResource"), choose(r, resources...))
	if named {
		s += fmt.Sprintf(`,"%s":%s`, choose(r, "Principal", "Principal", "NotPrincipal"), choose(r, principals...))
	}
	if r.IntN(2) == 0 {
		s += `,"Condition":{` + choose(r, conditionCases...).condition + `}`
	}
	return s
}

var (
	actions    = []string{"*", "s3:*", "s3:Get*", "s3:GetObject", "ec2:*", "iam:List?sers"}
	resources  = []string{"*", "arn:aws:s3:::*", object, "arn:aws:s3:::${aws:username}/*", "arn:aws:ec2:*:*:instance/*"}
	principals = []string{
		`"*"`, aws("*"), aws(account), aws(other), aws(ann.ARN), aws(roleARN), aws(deploy.ARN, account), aws(guest.IssuerARN),
		`{"Service":"ec2.amazonaws.com"}`,
	}
)

func randomStatements(r *rand.Rand, named bool) []string {
	list := make([]string, 1+r.IntN(4))
	for i := range list {
		list[i] = randomStatement(r, choose(r, Allow, Allow, Allow, Deny), named)
	}
	return list
}

// scenario is a request with policies as lists of statements.
type scenario struct {
	request                                         Request
	identity, boundary, session, resource, endpoint []string
	account                                         string
}

func randomScenario(r *rand.Rand) scenario {
	c := choose(r, conditionCases...)
	s := scenario{
		request: Request{
			Action: choose(r, "s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:ListUsers"), Resource: choose(r, "*", object, "arn:aws:s3:::ann/k"),
			Principal: choose(r, ann, deploy, guest, accountRoot(), service("ec2.amazonaws.com"), Principal{Type: Anonymous}),
			Context:   keys(append(slices.Clone(c.context), "aws:username=ann")...),
		},
		identity: randomStatements(r, false), account: choose(r, "", account, other),
	}
	for _, optional := range []struct {
		to    *[]string
		named bool
	}{{&s.boundary, false}, {&s.session, false}, {&s.resource, true}, {&s.endpoint, true}} {
		if r.IntN(2) == 0 {
			*optional.to = randomStatements(r, optional.named)
		}
	}
	return s
}

func (s *scenario) decide(t *testing.T) Decision {
	t.Helper()
	one := func(statements []string) *Document {
		if statements == nil {
			return nil
		}
		return document(t, statements...)
	}
	p := Policies{
		Identity: []*Document{one(s.identity)}, Boundary: one(s.boundary), Resource: one(s.resource),
		Endpoint: one(s.endpoint), ResourceAccount: s.account,
	}
	if s.session != nil {
		p.Session, p.HasSession = []*Document{one(s.session)}, true
	}
	return Evaluate(s.request, p)
}

// lists are the scenario's documents that are there.
func (s *scenario) lists() []*[]string {
	return slices.DeleteFunc([]*[]string{&s.identity, &s.boundary, &s.session, &s.resource, &s.endpoint},
		func(list *[]string) bool { return *list == nil })
}

const scenarios = 1500

func eachScenario(t *testing.T, check func(r *rand.Rand, s scenario, before Decision)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	for range scenarios {
		s := randomScenario(r)
		before := s.decide(t)
		outcomes[outcome(before)]++
		check(r, s, before)
	}
	// Scenarios that all end alike would prove nothing.
	for _, want := range []string{byIdentityPolicy, byResourcePolicy, noIdentity, noResource, noBoundary, noSession, "explicit session policy"} {
		if outcomes[want] == 0 {
			t.Errorf("no scenario ends in %s: %v", want, outcomes)
		}
	}
}

func TestAnExplicitDenyAlwaysWins(t *testing.T) {
	eachScenario(t, func(r *rand.Rand, s scenario, _ Decision) {
		list := choose(r, s.lists()...)
		deny := `"Effect":"Deny","Action":"*","Resource":"*"`
		if list == &s.resource || list == &s.endpoint {
			deny += `,"Principal":"*"`
		}
		*list = slices.Insert(*list, r.IntN(len(*list)+1), deny)
		if d := s.decide(t); d.Reason != ExplicitDeny {
			t.Errorf("%s despite a deny: %+v", outcome(d), s)
		}
	})
}

func TestAddingADenyNeverGrants(t *testing.T) {
	eachScenario(t, func(r *rand.Rand, s scenario, before Decision) {
		list := choose(r, s.lists()...)
		named := list == &s.resource || list == &s.endpoint
		*list = append(*list, randomStatement(r, Deny, named))
		if d := s.decide(t); d.Allowed && !before.Allowed {
			t.Errorf("a deny turned %s into %s: %+v", outcome(before), outcome(d), s)
		}
	})
}

func TestTheOrderOfStatementsIsIrrelevant(t *testing.T) {
	eachScenario(t, func(r *rand.Rand, s scenario, before Decision) {
		for _, list := range s.lists() {
			*list = slices.Clone(*list)
			r.Shuffle(len(*list), func(i, j int) { (*list)[i], (*list)[j] = (*list)[j], (*list)[i] })
		}
		if d := s.decide(t); outcome(d) != outcome(before) {
			t.Errorf("%s became %s in another order: %+v", outcome(before), outcome(d), s)
		}
	})
}

func TestABoundaryOrSessionPolicyNeverGrants(t *testing.T) {
	eachScenario(t, func(r *rand.Rand, s scenario, before Decision) {
		// A federated user needs session policies: for it a first one does.
		if s.request.Principal.Type == FederatedUser && s.session == nil {
			return
		}
		if s.boundary == nil {
			s.boundary = randomStatements(r, false)
		}
		if s.session == nil {
			s.session = randomStatements(r, false)
		}
		if d := s.decide(t); d.Allowed && !before.Allowed {
			t.Errorf("a limit turned %s into %s: %+v", outcome(before), outcome(d), s)
		}
	})
}
