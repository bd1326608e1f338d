/** What snapshots and checkpoints have in common. */
package org.wardian.daemon.moment;
