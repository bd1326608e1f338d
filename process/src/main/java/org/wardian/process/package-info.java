/** A machine of its domain XML: what it uses is opened, it runs, and QMP controls it. */
package org.wardian.process;
