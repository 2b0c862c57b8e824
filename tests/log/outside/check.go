// Command check judges a log with Go's checksum-database packages, none of which we wrote: it opens the signed head,
// rebuilds the root from the exported tiles, and checks our proofs. It reads a question as JSON and prints one line
// for each thing it refuses.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Key       string
	Folder    string
	Inclusion []struct {
		Index int64
		Entry string
		Proof []string
	}
	Consistency []struct {
		First, Second int64
		Root1, Root2  string
		Proof         []string
	}
}

func fail(format string, words ...any) {
	fmt.Printf(format+"\n", words...)
}

func hash(text string) (found tlog.Hash) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != tlog.HashSize {
		panic("not a hash: " + text)
	}
	copy(found[:], raw)
	return found
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

// tiles reads a static tlog-tiles folder, whose paths lack the height that Go's carry.
type tiles string

func (folder tiles) Height() int { return 8 }

func (folder tiles) ReadTiles(wanted []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		raw, err := os.ReadFile(filepath.Join(string(folder), path))
		if err != nil {
			return nil, err
		}
		found = append(found, raw)
	}
	return found, nil
}

func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(asked.Key)
	if err != nil {
		fail("key: %v", err)
		return
	}
	raw, err := os.ReadFile(filepath.Join(asked.Folder, "checkpoint"))
	if err != nil {
		panic(err)
	}
	head, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint: %v", err)
		return
	}
	lines := strings.Split(head.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("checkpoint size: %v", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("checkpoint root: %v", err)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles(asked.Folder))
	if rebuilt, err := tlog.TreeHash(size, reader); err != nil || rebuilt != root {
		fail("root from tiles: %v %v", rebuilt, err)
	}
	for _, one := range asked.Inclusion {
		entry, _ := hex.DecodeString(one.Entry)
		if err := tlog.CheckRecord(hashes(one.Proof), size, root, one.Index, tlog.RecordHash(entry)); err != nil {
			fail("inclusion %d: %v", one.Index, err)
		}
	}
	for _, one := range asked.Consistency {
		err := tlog.CheckTree(hashes(one.Proof), one.Second, hash(one.Root2), one.First, hash(one.Root1))
		if err != nil {
			fail("consistency %d %d: %v", one.First, one.Second, err)
		}
	}
	fmt.Printf("judged %d of size %d\n", len(asked.Inclusion)+len(asked.Consistency), size)
}
