// Judge checks a mirrored log with golang.org/x/mod/sumdb/{note,tlog}, which nobody of this project wrote.
//
// It computes the tree from the entries alone and compares every tile, the root and every older checkpoint with it;
// then it asks for a proof of every entry by way of the tiles. Exit status 0 where all of it holds.
//
//	judge DIR VKEY
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(format string, arguments ...interface{}) {
	fmt.Printf(format+"\n", arguments...)
	os.Exit(1)
}

func checkpoint(path string, verifier note.Verifier) tlog.Tree {
	message, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		fail("%s: %v", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		fail("%s: not a checkpoint of this log", path)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		fail("%s: size %q", path, lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		fail("%s: root %q", path, lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// groups spells N as the specification has it.
func groups(n int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}

func path(directory, row string, n int64, width int) string {
	text := filepath.Join(directory, "tile", row, groups(n))
	if width < 1<<height {
		text += fmt.Sprintf(".p/%d", width)
	}
	return text
}

type memory []tlog.Hash

func (hashes memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(hashes)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(hashes))
		}
		found[i] = hashes[index]
	}
	return found, nil
}

type files string

func (directory files) Height() int                                    { return height }
func (directory files) SaveTiles(tiles []tlog.Tile, contents [][]byte) {}
func (directory files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := os.ReadFile(path(string(directory), strconv.Itoa(tile.L), tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func entries(directory string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n<<height < size; n++ {
		width := size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		name := path(directory, "entries", n, int(width))
		bundle, err := os.ReadFile(name)
		if err != nil {
			fail("%v", err)
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				fail("%s: cut", name)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:length])
			bundle = bundle[length:]
		}
		if len(bundle) != 0 {
			fail("%s: bytes after its last entry", name)
		}
	}
	return all
}

func main() {
	directory := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("%v", err)
	}
	tree := checkpoint(filepath.Join(directory, "checkpoint"), verifier)
	all := entries(directory, tree.N)
	var stored memory
	for index, entry := range all {
		hashes, err := tlog.StoredHashes(int64(index), entry, stored)
		if err != nil {
			fail("%v", err)
		}
		stored = append(stored, hashes...)
	}
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, stored)
		if err != nil || root != tree.Hash {
			fail("the entries do not give the root")
		}
	}
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		// Of the partial tiles a mirror keeps the widest.
		if tile.W < 1<<height && tile.N<<height+int64(tile.W) != tree.N>>(height*uint(tile.L)) {
			continue
		}
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			fail("%v", err)
		}
		name := path(directory, strconv.Itoa(tile.L), tile.N, tile.W)
		have, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(have, want) {
			fail("%s differs", name)
		}
	}
	older, _ := filepath.Glob(filepath.Join(directory, "checkpoint.*"))
	for _, name := range older {
		before := checkpoint(name, verifier)
		if strconv.FormatInt(before.N, 10) != strings.TrimPrefix(filepath.Ext(name), ".") {
			fail("%s has another size", name)
		}
		if before.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(tree.N, before.N, stored)
		if err != nil {
			fail("%s: %v", name, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			fail("%s: %v", name, err)
		}
	}
	reader := tlog.TileHashReader(tree, files(directory))
	for index := int64(0); index < tree.N; index += 1 + tree.N/200 {
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			fail("entry %d: %v", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(all[index])); err != nil {
			fail("entry %d: %v", index, err)
		}
	}
	fmt.Printf("%d entries, %d older checkpoints\n", tree.N, len(older))
}
