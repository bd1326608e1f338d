/**
 * Disks over the network by the NBD protocol (its specification: doc/proto.md of the NBD project):
 * a server of {@link org.wardian.storage.BlockImage images}, and a client that stands behind an
 * image as a file does.
 */
package org.wardian.storage.nbd;
