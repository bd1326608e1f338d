/**
 * Everything that touches the host by native calls: memory maps, ioctl, event files, terminals. The
 * only module with native access.
 */
package org.wardian.host;
