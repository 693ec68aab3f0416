package cloudtrail

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

// Limits of a channel (API Reference, CreateChannel).
const (
	maxSourceLength = 256
	maxDestinations = 200
)

// Types of destination. Channels that lead to AWS services are made by these
// services themselves.
const (
	toEventDataStore = "EVENT_DATA_STORE"
	toService        = "AWS_SERVICE"
)

var (
	channelNameForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{3,128}$`)
	// storeARN is the ARN of an event data store.
	storeARN = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):cloudtrail:([a-z0-9-]+):([0-9]{12}):eventdatastore/[a-zA-Z0-9-]+$`)
	// storeID is the end of such an ARN, or the name that Cairn's history goes
	// by, "event-history".
	storeID = regexp.MustCompile(`^[a-zA-Z0-9-]{3,64}$`)
)

func isChannelName(s string) bool { return channelNameForm.MatchString(s) }

func channelName(v any) (string, error) {
	name, _ := v.(string)
	if !isChannelName(name) {
		return "", refuse("InvalidParameterException",
			"A channel's name must have 3 to 128 characters, which can be letters, digits, periods, underscores and hyphens.")
	}
	return name, nil
}

// channelSource reads the name of the program that sends. AWS takes "Custom" and
// the names of its partners; Cairn, which has none, takes any name, so that each
// program can have a channel of its own.
func channelSource(v any) (string, error) {
	source, _ := v.(string)
	n := utf8.RuneCountInString(source)
	if n < 1 || n > maxSourceLength || strings.TrimSpace(source) != source ||
		strings.ContainsFunc(source, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", refuse("InvalidSourceException",
			fmt.Sprintf("A source must have 1 to %d printable characters: Custom, or the name of the program that sends.", maxSourceLength))
	}
	return source, nil
}

// channelDestinations reads where events are to go; see package channel for what
// it means.
func channelDestinations(v any, accountID, region string) ([]channel.Destination, error) {
	list, _ := v.([]any)
	if len(list) < 1 || len(list) > maxDestinations {
		return nil, refuse("InvalidParameterException", fmt.Sprintf("A channel must have 1 to %d destinations.", maxDestinations))
	}
	destinations := make([]channel.Destination, 0, len(list))
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		given, _ := item.(map[string]any)
		d := channel.Destination{}
		d.Type, _ = given["Type"].(string)
		d.Location, _ = given["Location"].(string)
		if err := checkDestination(d, accountID, region); err != nil {
			return nil, err
		}
		if seen[d.Location] {
			return nil, refuse("InvalidParameterException", fmt.Sprintf("The destination %s is given twice.", d.Location))
		}
		seen[d.Location] = true
		destinations = append(destinations, d)
	}
	return destinations, nil
}

func checkDestination(d channel.Destination, accountID, region string) error {
	switch d.Type {
	case toEventDataStore:
	case toService:
		return refuse("InvalidParameterException", "Only AWS services make channels with destinations of type AWS_SERVICE.")
	default:
		return refuse("InvalidParameterException", fmt.Sprintf("%q is not a type of destination. Use EVENT_DATA_STORE.", d.Type))
	}
	if storeID.MatchString(d.Location) {
		return nil
	}
	arn := storeARN.FindStringSubmatch(d.Location)
	switch {
	case arn == nil:
		return refuse("EventDataStoreARNInvalidException",
			fmt.Sprintf("%q is neither the ARN nor the id of an event data store. For Cairn's own history, use event-history.", d.Location))
	case arn[2] != region || arn[3] != accountID:
		return refuse("EventDataStoreARNInvalidException",
			fmt.Sprintf("The event data store %s is not one of account %s in %s.", d.Location, accountID, region))
	}
	return nil
}

func channelTags(v any) ([]channel.Tag, error) {
	given, err := readTags(v)
	if err != nil {
		return nil, err
	}
	tags := make([]channel.Tag, len(given))
	for i := range given {
		tags[i] = channel.Tag(given[i])
	}
	return tags, nil
}

// channelReference reads the parameter Channel. A channel of another account or
// Region is not found here.
func channelReference(c *awsapi.Call) (channel.Reference, error) {
	given, _ := c.Params["Channel"].(string)
	r, ok := channel.ParseReference(given, c.AccountID, c.Region)
	if !ok {
		return r, refuse("ChannelARNInvalidException", fmt.Sprintf("%q is neither the ARN nor the id of a channel.", given))
	}
	if r.AccountID != c.AccountID || r.Region != c.Region {
		return r, channelRefusal(channel.ErrNotFound)
	}
	return r, nil
}
