/** What the host is and has: the procedures of a connection and of the node. */
package org.wardian.daemon.host;
