/** Checkpoints of domains: moments from which on the changes of disks are noted. */
package org.wardian.daemon.checkpoint;
