	good
bad	
