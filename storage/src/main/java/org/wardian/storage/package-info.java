/** The block layer: images of every format behind one interface, and requests to them. */
package org.wardian.storage;
