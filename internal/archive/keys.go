package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"github.com/cairn-audit/cairn/digest"
)

// api asks CloudTrail.
type api struct{ client *cloudtrail.Client }

func inRegion(name string) func(*cloudtrail.Options) {
	return func(o *cloudtrail.Options) { o.Region = name }
}

// maxPages limits what ListPublicKeys is followed through.
const maxPages = 1000

// PublicKeys implements digest.Keys.
func (a api) PublicKeys(ctx context.Context, name string, from, to time.Time) ([]digest.PublicKey, error) {
	in := &cloudtrail.ListPublicKeysInput{StartTime: &from, EndTime: &to}
	var keys []digest.PublicKey
	for range maxPages {
		out, err := a.client.ListPublicKeys(ctx, in, inRegion(name))
		if err != nil {
			return nil, err
		}
		for _, k := range out.PublicKeyList {
			keys = append(keys, digest.PublicKey{
				Value: k.Value, Fingerprint: aws.ToString(k.Fingerprint),
				ValidFrom: aws.ToTime(k.ValidityStartTime), ValidTo: aws.ToTime(k.ValidityEndTime),
			})
		}
		if aws.ToString(out.NextToken) == "" {
			return keys, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, errors.New("the list of keys has no end")
}

// files are public keys from files, by Region; "" is any.
type files map[string][]digest.PublicKey

// maxFile is the largest file of keys or signatures, in bytes.
const maxFile = 64 << 20

// readKeys reads files of `aws cloudtrail list-public-keys`. Each name may have
// the Region before it, as in eu-west-1=FILE; the keys of other files are those
// of all Regions.
func readKeys(names []string) (files, error) {
	keys := files{}
	for _, name := range names {
		of, file, ok := strings.Cut(name, "=")
		if !ok {
			of, file = "", name
		}
		data, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("%w: the public keys: %w", ErrUsage, err)
		}
		parsed, err := digest.ParsePublicKeys(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrUsage, file, err)
		}
		keys[of] = append(keys[of], parsed...)
	}
	return keys, nil
}

// PublicKeys implements digest.Keys.
func (f files) PublicKeys(_ context.Context, name string, _, _ time.Time) ([]digest.PublicKey, error) {
	return append(f[""][:len(f[""]):len(f[""])], f[name]...), nil
}

// readSignatures reads what writeSignatures wrote.
func readSignatures(name string) (map[string]string, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: the signatures: %w", ErrUsage, err)
	}
	var signatures map[string]string
	if err := json.Unmarshal(data, &signatures); err != nil {
		return nil, fmt.Errorf("%w: the signatures in %s: %w", ErrUsage, name, err)
	}
	return signatures, nil
}

// readFile reads a file of a limited size.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}
