int  planted ( void ) ;
