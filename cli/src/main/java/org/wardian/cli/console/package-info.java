/** The guest's serial console, joined to a terminal, a pipe or a script. */
package org.wardian.cli.console;
