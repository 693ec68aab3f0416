package cloudtrail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cairn-audit/cairn/internal/awsapi"
	"github.com/cairn-audit/cairn/internal/services/channel"
)

func (s *Service) createChannel(c *awsapi.Call) (map[string]any, error) {
	name, err := channelName(c.Params["Name"])
	if err != nil {
		return nil, err
	}
	source, err := channelSource(c.Params["Source"])
	if err != nil {
		return nil, err
	}
	destinations, err := channelDestinations(c.Params["Destinations"], c.AccountID, c.Region)
	if err != nil {
		return nil, err
	}
	tags, err := channelTags(c.Params["Tags"])
	if err != nil {
		return nil, err
	}
	made, err := s.channels.Create(channel.Channel{
		AccountID: c.AccountID, Region: c.Region, Name: name, Source: source,
		Destinations: destinations, Tags: tags, Created: c.Time,
	})
	if err != nil {
		return nil, channelRefusal(err)
	}
	out := describeChannel(&made)
	if len(made.Tags) > 0 {
		tags := make([]tag, len(made.Tags))
		for i := range made.Tags {
			tags[i] = tag(made.Tags[i])
		}
		out["Tags"] = describeTags(tags)
	}
	return out, nil
}

func (s *Service) getChannel(c *awsapi.Call) (map[string]any, error) {
	r, err := channelReference(c)
	if err != nil {
		return nil, err
	}
	found, err := s.channels.Get(r)
	if err != nil {
		return nil, channelRefusal(err)
	}
	out := describeChannel(&found)
	if status := describeIngestion(s.channels.Ingested(r)); len(status) > 0 {
		out["IngestionStatus"] = status
	}
	return out, nil
}

func (s *Service) listChannels(c *awsapi.Call) (map[string]any, error) {
	params := maps.Clone(c.Params)
	token, paged := params["NextToken"].(string)
	delete(params, "NextToken")
	if err := awsapi.Validate(c.Operation, params); err != nil {
		return nil, err
	}
	var after []byte
	if paged {
		var err error
		if after, err = channelToken.DecodeString(token); err != nil || !isChannelName(string(after)) {
			return nil, refuse("InvalidNextTokenException", "Invalid NextToken.")
		}
	}
	all, err := s.channels.List(c.AccountID, c.Region)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	all = slices.DeleteFunc(all, func(o channel.Channel) bool { return o.Name <= string(after) })
	out := map[string]any{}
	if limit, ok := params["MaxResults"].(int64); ok && int(limit) < len(all) {
		all = all[:limit]
		out["NextToken"] = channelToken.EncodeToString([]byte(all[limit-1].Name))
	}
	shown := make([]any, len(all))
	for i := range all {
		shown[i] = map[string]any{"ChannelArn": all[i].ARN(), "Name": all[i].Name}
	}
	out["Channels"] = shown
	return out, nil
}

// channelToken writes page tokens of ListChannels: the name after which a page
// goes on. Channels are few and a name is no secret to whoever may list them,
// so a token proves nothing.
var channelToken = base64.RawURLEncoding.Strict()

func (s *Service) updateChannel(c *awsapi.Call) (map[string]any, error) {
	r, err := channelReference(c)
	if err != nil {
		return nil, err
	}
	var name string
	if given, ok := c.Params["Name"]; ok {
		if name, err = channelName(given); err != nil {
			return nil, err
		}
	}
	var destinations []channel.Destination
	if given, ok := c.Params["Destinations"]; ok {
		if destinations, err = channelDestinations(given, c.AccountID, c.Region); err != nil {
			return nil, err
		}
	}
	changed, err := s.channels.Update(r, name, destinations)
	if err != nil {
		return nil, channelRefusal(err)
	}
	return describeChannel(&changed), nil
}

func (s *Service) deleteChannel(c *awsapi.Call) (map[string]any, error) {
	r, err := channelReference(c)
	if err != nil {
		return nil, err
	}
	if err := s.channels.Delete(r); err != nil {
		return nil, channelRefusal(err)
	}
	return map[string]any{}, nil
}

// channelRefusal words what the store says; the disk's errors stay as they are.
func channelRefusal(err error) error {
	switch {
	case errors.Is(err, channel.ErrNotFound):
		return refuse("ChannelNotFoundException", "The specified channel was not found.")
	case errors.Is(err, channel.ErrTooMany):
		return refuse("ChannelMaxLimitExceededException",
			fmt.Sprintf("An account can have %d channels in a Region.", channel.MaxChannels))
	case errors.Is(err, channel.ErrNameTaken):
		return refuse("ChannelAlreadyExistsException", "A channel with this name exists already.")
	case errors.Is(err, channel.ErrSourceTaken):
		return refuse("ChannelAlreadyExistsException", "A channel with this source exists already. A source can have one channel.")
	}
	return fmt.Errorf("keep channels: %w", err)
}

// describeChannel is what all answers tell of a channel.
func describeChannel(c *channel.Channel) map[string]any {
	destinations := make([]any, len(c.Destinations))
	for i, d := range c.Destinations {
		destinations[i] = map[string]any{"Type": d.Type, "Location": d.Location}
	}
	return map[string]any{"ChannelArn": c.ARN(), "Name": c.Name, "Source": c.Source, "Destinations": destinations}
}

// describeIngestion leaves out what has not happened since the server was
// started.
func describeIngestion(i channel.Ingestion) map[string]any {
	out := map[string]any{}
	if !i.AttemptTime.IsZero() {
		out["LatestIngestionAttemptTime"] = i.AttemptTime
	}
	if !i.SuccessTime.IsZero() {
		out["LatestIngestionSuccessTime"] = i.SuccessTime
	}
	for name, value := range map[string]string{
		"LatestIngestionAttemptEventID": i.AttemptEventID,
		"LatestIngestionSuccessEventID": i.SuccessEventID,
		"LatestIngestionErrorCode":      i.ErrorCode,
	} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}
