package cloudtrail

import (
	"fmt"

	"github.com/cairn-audit/cairn/internal/trail"
)

// setTrail gives a trail the settings that a call of CreateTrail or UpdateTrail
// names, and checks each. An empty string takes away what the trail had. Where a
// setting is not named, the trail keeps what it has.
func (s *Service) setTrail(t *trail.Trail, params map[string]any) error {
	for _, set := range []func(*trail.Trail, map[string]any) error{setBucket, setTopic, setScope, setLogs, setKey} {
		if err := set(t, params); err != nil {
			return err
		}
	}
	if s.trails.OtherLogs {
		return nil
	}
	return checkLogsAccount(t.LogGroupARN, t.LogsRoleARN, t.AccountID)
}

func setBucket(t *trail.Trail, params map[string]any) error {
	if name, ok := params["S3BucketName"].(string); ok {
		t.Bucket = name
	}
	if err := checkBucketName(t.Bucket); err != nil {
		return err
	}
	if prefix, ok := params["S3KeyPrefix"].(string); ok {
		t.Prefix = prefix
	}
	return checkPrefix(t.Prefix)
}

func setTopic(t *trail.Trail, params map[string]any) (err error) {
	given, ok := params["SnsTopicName"].(string)
	if !ok {
		return nil
	}
	t.TopicName, t.TopicARN = given, ""
	if given != "" {
		t.TopicARN, err = readTopic(given, t.AccountID, t.HomeRegion)
	}
	return err
}

func setScope(t *trail.Trail, params map[string]any) error {
	for name, setting := range map[string]*bool{
		"IncludeGlobalServiceEvents": &t.GlobalServiceEvents,
		"IsMultiRegionTrail":         &t.MultiRegion,
		"IsOrganizationTrail":        &t.Organization,
		"EnableLogFileValidation":    &t.Validation,
	} {
		if value, ok := params[name].(bool); ok {
			*setting = value
		}
	}
	if t.MultiRegion && !t.GlobalServiceEvents {
		return refuse("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	}
	return nil
}

func setLogs(t *trail.Trail, params map[string]any) error {
	if group, ok := params["CloudWatchLogsLogGroupArn"].(string); ok {
		t.LogGroupARN = group
	}
	if role, ok := params["CloudWatchLogsRoleArn"].(string); ok {
		t.LogsRoleARN = role
	}
	return checkLogs(t.LogGroupARN, t.LogsRoleARN, t.HomeRegion)
}

func setKey(t *trail.Trail, params map[string]any) (err error) {
	given, ok := params["KmsKeyId"].(string)
	if !ok {
		return nil
	}
	t.KMSKeyID = ""
	if given != "" {
		t.KMSKeyID, err = readKey(given, t.AccountID, t.HomeRegion)
	}
	return err
}

// setOrganization says which organization an organization trail is of.
// management is the account that manages the caller's, or "".
func setOrganization(t *trail.Trail, management string) error {
	switch {
	case !t.Organization:
		t.OrganizationID = ""
	case management == "":
		return refuse("OrganizationsNotInUseException", "Your account is not a member of an organization.")
	case management != t.AccountID:
		return notManagement()
	default:
		t.OrganizationID = trail.OrganizationID(management)
	}
	return nil
}

// management is the account that manages the organization, or "".
func (s *Service) management() (string, error) {
	id, err := s.trails.Accounts.Account()
	if err != nil {
		return "", fmt.Errorf("find the management account: %w", err)
	}
	return id, nil
}
