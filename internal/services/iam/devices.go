package iam

import (
	"encoding/base32"
	"net/url"

	"rsc.io/qr"

	"github.com/cairn-audit/cairn/internal/identity"
)

var deviceOperations = map[string]operation{
	"CreateVirtualMFADevice": {writes, createVirtualMFADevice},
	"DeleteVirtualMFADevice": {writes, func(r *request) (answer, error) { return nil, r.tx.DeleteDevice(r.text("SerialNumber")) }},
	"ListVirtualMFADevices":  {reads, listVirtualMFADevices},
	"ListMFADevices":         {reads, listMFADevices},
	"GetMFADevice":           {reads, getMFADevice},
	"EnableMFADevice": {writes, func(r *request) (answer, error) {
		codes := [2]string{r.text("AuthenticationCode1"), r.text("AuthenticationCode2")}
		return nil, r.tx.EnableDevice(r.text("UserName"), r.text("SerialNumber"), codes, r.call.Time)
	}},
	"DeactivateMFADevice": {writes, func(r *request) (answer, error) {
		name, err := r.userName()
		if err != nil {
			return nil, err
		}
		return nil, r.tx.DeactivateDevice(name, r.text("SerialNumber"))
	}},
}

func createVirtualMFADevice(r *request) (answer, error) {
	e := r.entity("VirtualMFADeviceName")
	d, seed, err := r.tx.CreateDevice(e)
	if err != nil {
		return nil, err
	}
	serial := d.Serial(r.call.AccountID)
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
	// The form that authenticator programs read ("Key Uri Format").
	uri := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/Amazon Web Services:" + d.Name + "@" + r.call.AccountID,
		RawQuery: url.Values{"secret": {secret}, "issuer": {"Amazon Web Services"}}.Encode(),
	}
	picture, err := qr.Encode(uri.String(), qr.M)
	if err != nil {
		return nil, err
	}
	out := answer{"SerialNumber": serial, "Base32StringSeed": []byte(secret), "QRCodePNG": picture.PNG()}
	addDetails(out, d.Tags, "")
	return answer{"VirtualMFADevice": out}, nil
}

func (r *request) serial(d *identity.Device) string { return d.Serial(r.call.AccountID) }

func listVirtualMFADevices(r *request) (answer, error) {
	found, err := r.tx.Devices().Select(func(d *identity.Device) bool {
		switch r.text("AssignmentStatus") {
		case "Assigned":
			return d.UserID != ""
		case "Unassigned":
			return d.UserID == ""
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	users := map[string]any{}
	for _, d := range found {
		if d.UserName == "" {
			continue
		}
		u, err := r.tx.Users().Get(d.UserName)
		if err != nil {
			return nil, err
		}
		users[d.UserName] = r.user(&u)
	}
	return page(r, "VirtualMFADevices", found, r.serial, func(d *identity.Device) any {
		out := answer{"SerialNumber": r.serial(d)}
		if d.UserName != "" {
			out["User"], out["EnableDate"] = users[d.UserName], d.Enabled
		}
		return out
	})
}

func listMFADevices(r *request) (answer, error) {
	name, err := r.userName()
	if err != nil {
		return nil, err
	}
	u, err := r.tx.Users().Get(name)
	if err != nil {
		return nil, err
	}
	found := make([]identity.Device, len(u.Devices))
	for i, serial := range u.Devices {
		if found[i], err = r.tx.Device(serial); err != nil {
			return nil, err
		}
	}
	return page(r, "MFADevices", found, r.serial, func(d *identity.Device) any {
		return answer{"UserName": d.UserName, "SerialNumber": r.serial(d), "EnableDate": d.Enabled}
	})
}

func getMFADevice(r *request) (answer, error) {
	d, err := r.tx.Device(r.text("SerialNumber"))
	if err != nil {
		return nil, err
	}
	out := answer{"SerialNumber": r.text("SerialNumber")}
	if d.UserName != "" {
		out["UserName"], out["EnableDate"] = d.UserName, d.Enabled
	}
	return out, nil
}
