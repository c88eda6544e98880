package main

import "github.com/spf13/cobra"

func (a *app) exportVerb() *cobra.Command { return &cobra.Command{Use: "export"} }
