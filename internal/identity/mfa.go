package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"
	"time"
)

// Device is a virtual MFA device. It belongs to a user, or the root user, once
// it is enabled.
type Device struct {
	Entity
	// Seed is sealed for the serial number.
	Seed []byte `json:"seed"`
	// UserID and UserName are whose device it is; for the root user the id
	// is the account's.
	UserID   string    `json:"userId,omitempty"`
	UserName string    `json:"userName,omitempty"`
	Enabled  time.Time `json:"enabled,omitzero"`
	// LastStep is the step of the last code that was used.
	LastStep int64 `json:"lastStep,omitempty"`
}

// Serial is the device's serial number, which is its ARN.
func (d *Device) Serial(account string) string { return d.arn(account, "mfa") }

// seedSize is the length of a device's seed: that of the hash (RFC 4226 R6).
const seedSize = 20

// maxDevices is IAM's quota of MFA devices for one user.
const maxDevices = 8

func seedContext(serial string) []byte { return []byte("mfa/" + serial) }

// Devices are the account's virtual MFA devices.
func (t *Tx) Devices() Book[Device, *Device] {
	return Book[Device, *Device]{t, "iam-mfa", "", "virtual MFA device", "VirtualMFADevice"}
}

// CreateDevice makes a virtual MFA device and returns its seed, which is never
// shown again.
func (t *Tx) CreateDevice(e Entity) (Device, []byte, error) {
	seed := make([]byte, seedSize)
	rand.Read(seed)
	d := Device{Entity: e}
	exists := Refuse(EntityAlreadyExists, "MFADevice entity at the same path and name already exists.")
	if sameName(e.Name, rootDevice) {
		return d, nil, exists
	}
	d.Seed = t.directory.key.Seal(seed, seedContext(d.Serial(t.account)))
	d, err := t.Devices().Create(d)
	if Refused(err, EntityAlreadyExists) {
		err = exists
	}
	return d, seed, err
}

// Device finds a device by its serial number.
func (t *Tx) Device(serial string) (Device, error) {
	d, err := t.Devices().Get(t.deviceName(serial))
	if err == nil && d.Serial(t.account) != serial || Refused(err, NoSuchEntity) {
		return Device{}, noDevice(serial)
	}
	return d, err
}

func (t *Tx) changeDevice(serial string, f func(*Device) error) (Device, error) {
	if _, err := t.Device(serial); err != nil {
		return Device{}, err
	}
	return t.Devices().Change(t.deviceName(serial), f)
}

// ChangeDevice changes a device, found by its serial number.
func (t *Tx) ChangeDevice(serial string, f func(*Device) error) error {
	_, err := t.changeDevice(serial, f)
	return err
}

// deviceName is the name in one of the account's serial numbers, else what no
// device is called.
func (t *Tx) deviceName(serial string) string {
	path, ok := strings.CutPrefix(serial, "arn:aws:iam::"+t.account+":mfa/")
	if !ok {
		return ""
	}
	return path[strings.LastIndex(path, "/")+1:]
}

func noDevice(serial string) error {
	return Refuse(NoSuchEntity, "VirtualMFADevice with serial number %s doesn't exist.", serial)
}

// EnableDevice gives a device to a user who knows two codes in a row.
func (t *Tx) EnableDevice(userName, serial string, codes [2]string, now time.Time) error {
	u, err := t.Users().Get(userName)
	if err != nil {
		return err
	}
	if len(u.Devices) >= maxDevices {
		return Refuse(LimitExceeded, "Cannot exceed quota for MFADevicesPerUser: %d", maxDevices)
	}
	_, err = t.changeDevice(serial, func(d *Device) error {
		if d.UserID != "" {
			return Refuse(EntityAlreadyExists, "MFA Device is already in use.")
		}
		if err := t.takeTwo(d, serial, codes, now); err != nil {
			return err
		}
		d.UserID, d.UserName, d.Enabled = u.ID, u.Name, now.UTC().Truncate(time.Second)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = t.Users().Change(userName, func(u *User) error { u.Devices = append(u.Devices, serial); return nil })
	return err
}

// takeTwo accepts two codes of which the second follows the first.
func (t *Tx) takeTwo(d *Device, serial string, codes [2]string, now time.Time) error {
	seed, err := t.directory.key.Open(d.Seed, seedContext(serial))
	if err != nil {
		return err
	}
	for first := stepAt(now) - codeDrift - 1; first <= stepAt(now)+codeDrift; first++ {
		matches := subtle.ConstantTimeCompare([]byte(code(seed, first)), []byte(codes[0])) &
			subtle.ConstantTimeCompare([]byte(code(seed, first+1)), []byte(codes[1]))
		if matches == 1 && first > d.LastStep {
			d.LastStep = first + 1
			return nil
		}
	}
	return Refuse(InvalidCode, "Authentication code for device is not valid.")
}

// DeactivateDevice takes a device from its user.
func (t *Tx) DeactivateDevice(userName, serial string) error {
	_, err := t.Users().Change(userName, func(u *User) error {
		if !u.hasDevice(serial) {
			return noDevice(serial)
		}
		u.Devices = withoutName(u.Devices, serial)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = t.changeDevice(serial, func(d *Device) error {
		d.UserID, d.UserName, d.Enabled = "", "", time.Time{}
		return nil
	})
	return err
}

// DeleteDevice deletes a device that nobody uses.
func (t *Tx) DeleteDevice(serial string) error {
	if _, err := t.Device(serial); err != nil {
		return err
	}
	return t.Devices().remove(t.deviceName(serial), func(d *Device) error {
		if d.UserID != "" {
			return Refuse(DeleteConflict, "Cannot delete entity, must deactivate MFA device first.")
		}
		return nil
	})
}

// ErrWrongCode says that an MFA code is not, or no longer, the device's, or that
// the device is not the principal's.
var ErrWrongCode = errors.New("the MFA code is not valid")

// CheckCode takes a code of a device of a user (or root, by the account's id).
// A code works once. Wrong codes slow the next tries down: the error is then a
// *ThrottledError, which is an ErrWrongCode too.
func (d *Directory) CheckCode(p Principal, serial, given string, now time.Time) error {
	_, err := d.CheckAnyCode(p, []string{serial}, given, now)
	return err
}

// CheckAnyCode is CheckCode for a code of any of the devices. It returns the
// serial number of the one whose code it is.
func (d *Directory) CheckAnyCode(p Principal, serials []string, given string, now time.Time) (serial string, err error) {
	holder := p.AccountID + "/" + p.ID
	if err := d.codes.begin(holder, now); err != nil {
		return "", err
	}
	err = d.Update(p.AccountID, func(t *Tx) error {
		for _, serial = range serials {
			if err := t.takeCode(p, serial, given, now); !errors.Is(err, ErrWrongCode) {
				return err
			}
		}
		return ErrWrongCode
	})
	if err != nil {
		return "", err
	}
	d.codes.succeed(holder)
	return serial, nil
}

func (t *Tx) takeCode(p Principal, serial, given string, now time.Time) error {
	device, err := t.Device(serial)
	if Refused(err, NoSuchEntity) || err == nil && (device.UserID == "" || device.UserID != p.ID) {
		return ErrWrongCode
	}
	if err != nil {
		return err
	}
	seed, err := t.directory.key.Open(device.Seed, seedContext(serial))
	if err != nil {
		return err
	}
	step, ok := matchCode(seed, given, now, device.LastStep)
	if !ok {
		return ErrWrongCode
	}
	_, err = t.changeDevice(serial, func(device *Device) error { device.LastStep = step; return nil })
	return err
}
