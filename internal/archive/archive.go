package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/cairn-audit/cairn/digest"
	"github.com/cairn-audit/cairn/internal/durable"
	"github.com/cairn-audit/cairn/internal/region"
)

// Options say what to verify, and where the keys are.
type Options struct {
	// Archive is s3://BUCKET[/PREFIX] or a directory.
	Archive string
	// Bucket is what the directory is a copy of, if its digests shall not say
	// it.
	Bucket            string
	TrailARN          string
	Accounts, Regions []string
	// Start and End bound the time. A zero Start is the beginning, a zero End
	// the present.
	Start, End time.Time

	// Keys are files of public keys; see readKeys. Without any, CloudTrail is
	// asked.
	Keys []string
	// Signatures is a file of signatures that were saved; empty is none.
	// SaveSignatures is where those of the newest digests go.
	Signatures, SaveSignatures string

	Service
	Parallel int
	Progress func(digest.Counts)
}

// Service names the APIs, and who to be there. The zero value is AWS, with the
// SDK's usual way to find credentials.
type Service struct {
	// EndpointURL is CloudTrail's, S3EndpointURL S3's.
	EndpointURL, S3EndpointURL string
	Profile                    string
	// Region signs where no other is known.
	Region string
	// AccessKeyID and SecretAccessKey take the place of all other credentials
	// where they are set.
	AccessKeyID, SecretAccessKey string
	// CABundle is a file of the certificates that the endpoints are trusted by.
	CABundle string
}

// ErrUsage is returned, wrapped, for options that mean nothing, and for files of
// keys or signatures that are none.
var ErrUsage = digest.ErrRequest

// Verify verifies an archive. The report is nil if there is an error.
func Verify(ctx context.Context, o Options) (*digest.Report, error) {
	request := digest.Request{
		TrailARN: o.TrailARN, Accounts: o.Accounts, Regions: o.Regions, Start: o.Start, End: o.End,
		Now: time.Now().UTC(), Parallel: o.Parallel, Progress: o.Progress,
	}
	if request.Start.After(request.Now) || !o.End.IsZero() && !o.Start.Before(o.End) {
		return nil, fmt.Errorf("%w: there is no time between its start and its end", ErrUsage)
	}
	if o.Signatures != "" {
		var err error
		if request.Signatures, err = readSignatures(o.Signatures); err != nil {
			return nil, err
		}
	}
	cfg, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := o.keys(cfg, &request)
	if err != nil {
		return nil, err
	}
	var where digest.Archive
	if url, ok := strings.CutPrefix(o.Archive, "s3://"); ok {
		request.Bucket, request.Prefix, _ = strings.Cut(url, "/")
		if request.Bucket == "" {
			return nil, fmt.Errorf("%w: %s names no bucket", ErrUsage, o.Archive)
		}
		where = o.s3(cfg)
	} else {
		dir, err := OpenDir(o.Archive, o.Bucket)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		request.Bucket, request.Prefix = dir.Bucket(), dir.Prefix()
		where = dir
	}
	report, err := digest.Verify(ctx, where, keys, request)
	if err != nil {
		return nil, err
	}
	if o.SaveSignatures != "" {
		if err := writeSignatures(o.SaveSignatures, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

func (s Service) load(ctx context.Context) (aws.Config, error) {
	var load []func(*config.LoadOptions) error
	if s.Region != "" {
		load = append(load, config.WithRegion(s.Region))
	} else {
		load = append(load, config.WithDefaultRegion(region.Global))
	}
	if s.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(s.Profile))
	}
	if s.AccessKeyID != "" {
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, "")))
	}
	if s.CABundle != "" {
		f, err := os.Open(s.CABundle)
		if err != nil {
			return aws.Config{}, fmt.Errorf("open the endpoint's certificates: %w", err)
		}
		defer f.Close()
		load = append(load, config.WithCustomCABundle(f))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("configure the clients: %w", err)
	}
	return cfg, nil
}

func (o *Options) keys(cfg aws.Config, request *digest.Request) (digest.Keys, error) {
	if len(o.Keys) > 0 {
		request.PartialKeys = true
		return readKeys(o.Keys)
	}
	asked := o.api(cfg)
	request.Status, request.Describe = asked.status, asked.describe
	return asked, nil
}

func (s Service) api(cfg aws.Config) api {
	return api{cloudtrail.NewFromConfig(cfg, func(c *cloudtrail.Options) {
		if s.EndpointURL != "" {
			c.BaseEndpoint = &s.EndpointURL
		}
	})}
}

func (s Service) s3(cfg aws.Config) *S3 {
	return NewS3(s3.NewFromConfig(cfg, func(c *s3.Options) {
		c.DisableLogOutputChecksumValidationSkipped = true
		if s.S3EndpointURL != "" {
			c.BaseEndpoint = &s.S3EndpointURL
		}
		c.UsePathStyle = cmp.Or(s.S3EndpointURL, aws.ToString(cfg.BaseEndpoint), os.Getenv("AWS_ENDPOINT_URL_S3")) != ""
	}))
}

// writeSignatures writes the signatures of the newest digests that are proven,
// by their keys, as JSON.
func writeSignatures(name string, report *digest.Report) error {
	signatures := map[string]string{}
	for _, c := range report.Chains {
		if c.Newest != "" {
			signatures[c.Newest] = c.NewestSignature
		}
	}
	data, err := json.MarshalIndent(signatures, "", "  ")
	if err != nil {
		return fmt.Errorf("write the signatures: %w", err)
	}
	if err := durable.WriteFile(durable.OS{}, name, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the signatures: %w", err)
	}
	return nil
}
