package cloudtrail

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/region"
)

// Limits of a trail's settings (API Reference, CreateTrail).
const (
	minTrailName    = 3
	maxTrailName    = 128
	maxPrefix       = 200
	maxTopic        = 256
	invalidName     = "InvalidTrailNameException"
	invalidTopic    = "InvalidSnsTopicNameException"
	invalidBucket   = "InvalidS3BucketNameException"
	invalidPrefix   = "InvalidS3PrefixException"
	invalidKey      = "InvalidKmsKeyIdException"
	invalidLogGroup = "InvalidCloudWatchLogsLogGroupArnException"
	invalidLogsRole = "InvalidCloudWatchLogsRoleArnException"
)

var (
	trailNameForm = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	adjacent      = regexp.MustCompile(`[._-]{2}`)
	bucketForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	topicName     = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	topicARN      = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)
	logGroupARN   = regexp.MustCompile(`^arn:aws[a-z-]*:logs:([a-z0-9-]+):([0-9]{12}):log-group:[a-zA-Z0-9._/#-]{1,512}:\*$`)
	roleARN       = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/[\x21-\x7e]{1,512}$`)
	keyARN        = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key/[a-zA-Z0-9-]{1,64}|alias/[a-zA-Z0-9/_-]{1,250})$`)
	keyID         = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)
	keyAlias      = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)
)

// checkTrailName holds a name to the rules. AWS's wording is known for those
// whose message speaks of "the trail name"; the other two are Cairn's.
func checkTrailName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n < minTrailName:
		return refusef(invalidName, "Trail name too short. Minimum allowed length: %d characters. Specified name length: %d characters.", minTrailName, n)
	case n > maxTrailName:
		return refusef(invalidName, "Trail name too long. Maximum allowed length: %d characters. Specified name length: %d characters.", maxTrailName, n)
	case !isAlphanumeric(name[0]):
		return refuse(invalidName, "Trail name must starts with a letter or number.")
	case !isAlphanumeric(name[len(name)-1]):
		return refuse(invalidName, "Trail name must ends with a letter or number.")
	case !trailNameForm.MatchString(name):
		return refuse(invalidName, "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
	case adjacent.MatchString(name):
		return refuse(invalidName, "Trail name cannot have adjacent periods, hyphens or underscores.")
	case isIPv4(name):
		return refuse(invalidName, "Trail name cannot be in the format of an IP address.")
	}
	return nil
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

// checkBucketName holds a name to the rules of S3 for new buckets.
func checkBucketName(name string) error {
	if !bucketForm.MatchString(name) || isIPv4(name) ||
		strings.Contains(name, "..") || strings.Contains(name, ".-") || strings.Contains(name, "-.") {
		return refusef(invalidBucket, "%q is not a valid name of an S3 bucket.", name)
	}
	return nil
}

func checkPrefix(prefix string) error {
	switch {
	case utf8.RuneCountInString(prefix) > maxPrefix:
		return refusef(invalidPrefix, "The S3 key prefix can have %d characters.", maxPrefix)
	case !utf8.ValidString(prefix) || strings.ContainsFunc(prefix, unicode.IsControl):
		return refuse(invalidPrefix, "The S3 key prefix must not have control characters.")
	}
	return nil
}

// readTopic reads the name or the ARN of a topic; a name is one of the account's
// in the trail's home Region.
func readTopic(given, accountID, home string) (arn string, err error) {
	switch {
	case len(given) > maxTopic:
	case topicARN.MatchString(given):
		return given, nil
	case topicName.MatchString(given):
		return "arn:" + region.Partition(home) + ":sns:" + home + ":" + accountID + ":" + given, nil
	}
	return "", refusef(invalidTopic, "%q is neither the name nor the ARN of an SNS topic.", given)
}

// readKey reads what a key is given as. Answers show keys by ARN; an alias, which
// only KMS can follow, keeps its own.
func readKey(given, accountID, home string) (arn string, err error) {
	own := "arn:" + region.Partition(home) + ":kms:" + home + ":" + accountID + ":"
	switch {
	case keyARN.MatchString(given):
		return given, nil
	case keyID.MatchString(given):
		return own + "key/" + given, nil
	case keyAlias.MatchString(given):
		return own + given, nil
	}
	return "", refusef(invalidKey, "%q is not an alias, a key ID or the ARN of either.", given)
}

// checkLogs checks the log group and the role of a trail, which go together; the
// group is in the trail's home Region.
func checkLogs(group, role, home string) error {
	switch {
	case group == "" && role == "":
		return nil
	case group == "":
		return refuse(invalidLogGroup, "You must specify a log group as well as a role ARN.")
	case role == "":
		return refuse(invalidLogsRole, "You must specify a role ARN as well as a log group.")
	}
	if m := logGroupARN.FindStringSubmatch(group); m == nil || m[1] != home {
		return refuse(invalidLogGroup, noLogGroup)
	}
	if !roleARN.MatchString(role) {
		return refuse(invalidLogsRole, noLogsRole)
	}
	return nil
}

// checkLogsAccount checks that a log group and a role that are well-formed, or not
// there, are the trail's account's.
func checkLogsAccount(group, role, accountID string) error {
	if m := logGroupARN.FindStringSubmatch(group); m != nil && m[2] != accountID {
		return refuse(invalidLogGroup, noLogGroup)
	}
	if m := roleARN.FindStringSubmatch(role); m != nil && m[1] != accountID {
		return refuse(invalidLogsRole, noLogsRole)
	}
	return nil
}

const (
	noLogGroup = "CloudTrail cannot validate the specified log group ARN."
	noLogsRole = "CloudTrail cannot validate the specified role ARN."
)
