// What Flux thinks of a resource: kstatus, by the library that Flux itself uses.
//
// Reads JSON objects from standard input, and answers each with one line: a status, a tab, and the message.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	if err := answer(json.NewDecoder(os.Stdin), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

func answer(questions *json.Decoder, answers io.Writer) error {
	for {
		var object unstructured.Unstructured
		if err := questions.Decode(&object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		result, err := status.Compute(&object)
		if err != nil {
			return err
		}
		message := strings.ReplaceAll(result.Message, "\n", " ")
		if _, err := fmt.Fprintf(answers, "%s\t%s\n", result.Status, message); err != nil {
			return err
		}
	}
}
