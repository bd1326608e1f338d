/** Verbs that manage machines, networks and storage through any libvirt daemon, ours or another. */
package org.wardian.cli.manage;
