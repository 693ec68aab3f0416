package iam

import "github.com/cairn-audit/cairn/internal/identity"

var keyOperations = map[string]operation{
	"CreateAccessKey":      {writes, createAccessKey},
	"ListAccessKeys":       {reads, listAccessKeys},
	"UpdateAccessKey":      {writes, updateAccessKey},
	"DeleteAccessKey":      {writes, deleteAccessKey},
	"GetAccessKeyLastUsed": {reads, getAccessKeyLastUsed},
}

// Statuses of access keys.
const (
	active   = "Active"
	inactive = "Inactive"
)

func status(k *identity.Key) string {
	if k.Inactive {
		return inactive
	}
	return active
}

func createAccessKey(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	k, err := r.tx.CreateKey(name, r.call.Time)
	return answer{"AccessKey": answer{
		"UserName": k.UserName, "AccessKeyId": k.ID, "Status": active, "SecretAccessKey": k.Secret, "CreateDate": k.Created,
	}}, err
}

func listAccessKeys(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	keys, err := r.tx.Keys(name)
	if err != nil {
		return nil, err
	}
	return page(r, "AccessKeyMetadata", keys, func(k *identity.Key) string { return k.ID }, func(k *identity.Key) any {
		return answer{"UserName": k.UserName, "AccessKeyId": k.ID, "Status": status(k), "CreateDate": k.Created}
	})
}

func updateAccessKey(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	to := r.text("Status")
	if to != active && to != inactive {
		return nil, identity.Refuse(identity.ValidationError, "1 validation error detected: Value '%.64s' at 'status' failed to "+
			"satisfy constraint: Member must satisfy enum value set: [Active, Inactive]", to)
	}
	return nil, r.tx.SetKeyActive(name, r.text("AccessKeyId"), to == active)
}

func deleteAccessKey(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	return nil, r.tx.DeleteKey(name, r.text("AccessKeyId"))
}

func getAccessKeyLastUsed(r *request) (answer, error) {
	id := r.text("AccessKeyId")
	account, name, err := r.tx.KeyOwner(id)
	if err == nil && account != r.call.AccountID {
		err = identity.Refuse(identity.NoSuchEntity, "The Access Key with id %s cannot be found.", id)
	}
	if err != nil {
		return nil, err
	}
	use, ok, err := r.tx.LastUse(id)
	if err != nil {
		return nil, err
	}
	// A key that was never used has no date, and "N/A" for the others.
	used := answer{"ServiceName": "N/A", "Region": "N/A"}
	if ok {
		used = answer{"ServiceName": use.Service, "Region": use.Region, "LastUsedDate": use.Time}
	}
	out := answer{"AccessKeyLastUsed": used}
	if name != "" {
		out["UserName"] = name
	}
	return out, nil
}
