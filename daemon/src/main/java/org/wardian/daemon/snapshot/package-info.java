/** Snapshots of domains: what is known of them, how they are taken, gone back to and deleted. */
package org.wardian.daemon.snapshot;
