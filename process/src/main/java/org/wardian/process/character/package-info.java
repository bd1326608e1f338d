/** What a guest's serial ports and channels are connected to on the host. */
package org.wardian.process.character;
